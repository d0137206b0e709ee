module github.com/libpeers/libpeers/bindings/go

go 1.19
