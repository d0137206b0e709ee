// Announces itself, and prints the peers as they come and go, one line each, until SIGINT or SIGTERM, when it says goodbye:
//
//	joined NAME ADDRESS
//	updated NAME ADDRESS
//	left NAME (REASON)
//	resync                  events were lost; the list as it is follows, as "listed NAME ADDRESS"
//
// -key-file names a file with the cluster's key, 32 bytes, that its owner alone may use. To make one:
//
//	(umask 077 && head -c 32 /dev/urandom > key)
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	peers "github.com/libpeers/libpeers/bindings/go"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := watch(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "watch:", err)
		os.Exit(1)
	}
}

func watch(ctx context.Context) error {
	config, err := options()
	if err != nil {
		return err
	}
	node, err := peers.Start(config)
	if err != nil {
		return err
	}
	defer node.Close() // says goodbye
	for event := range node.Events(ctx) {
		if err := printEvent(node, event); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return nil // a signal
	}
	health, err := node.Health()
	if err == nil {
		err = fmt.Errorf("the node is %v: %s", health.State, health.Detail)
	}
	return err
}

func printEvent(node *peers.Node, event peers.Event) error {
	switch event.Kind {
	case peers.Joined, peers.Updated:
		fmt.Println(event.Kind, event.Peer.Name, event.Peer.Address)
	case peers.Left:
		fmt.Printf("left %s (%v)\n", event.Peer.Name, event.Reason)
	case peers.Resync:
		list, err := node.List()
		if err != nil {
			return err
		}
		fmt.Println("resync")
		for _, peer := range list {
			fmt.Println("listed", peer.Name, peer.Address)
		}
	}
	return nil
}

func options() (config peers.Config, err error) {
	flag.StringVar(&config.Name, "name", "", "what to announce (default: the host name)")
	flag.StringVar(&config.Cluster, "cluster", "", "list only the nodes of this cluster")
	flag.StringVar(&config.Interfaces, "interfaces", "", "comma-separated names; * stands for any characters")
	flag.Func("seeds", "comma-separated HOST:PORT, where to find peers that multicast does not reach", func(list string) error {
		config.Seeds = strings.Split(list, ",")
		return nil
	})
	unicastPort := flag.Uint("unicast-port", 0, "the UDP port at which the node is reached alone, for seeds (default any)")
	value := flag.String("value", "", "a text to announce with the name")
	port := flag.Uint("port", 0, "the UDP port of the group (default 49001)")
	keyFile := flag.String("key-file", "", "a file with the cluster's key, for its owner's eyes only")
	verbose := flag.Bool("verbose", false, "print the node's log to the standard error")
	flag.Parse()
	if flag.NArg() > 0 {
		return config, fmt.Errorf("there is no argument %q; see -help", flag.Arg(0))
	}
	for what, port := range map[string]uint{"port": *port, "unicast-port": *unicastPort} {
		if port > 65535 {
			return config, fmt.Errorf("%s is %d; it is 1 to 65535", what, port)
		}
	}
	config.Port, config.UnicastPort = uint16(*port), uint16(*unicastPort)
	config.Value = []byte(*value)
	if *verbose {
		config.LogLevel = peers.LogDebug
		config.Log = func(level peers.LogLevel, message string) { fmt.Fprintf(os.Stderr, "%v: %s\n", level, message) }
	}
	if *keyFile != "" {
		config.Keys, err = readKey(*keyFile)
	}
	return config, err
}

// readKey returns the key in a file that nobody but its owner can use.
func readKey(path string) ([]peers.Key, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%s: its mode is %o, so others than its owner may know the key; make a new key, in a file of mode 600", path, mode)
	}
	var key peers.Key
	bytes, err := io.ReadAll(io.LimitReader(file, int64(len(key)+1))) // a longer file is told from a key
	if err != nil {
		return nil, err
	}
	if copy(key[:], bytes) != len(bytes) || len(bytes) < len(key) {
		return nil, fmt.Errorf("%s: a key has %d bytes, and this is no file of that length", path, len(key))
	}
	return []peers.Key{key}, nil
}
