package peers_test

import (
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	peers "github.com/libpeers/libpeers/bindings/go"
)

func TestWrongOptionsGiveAStatusAndWords(t *testing.T) {
	for _, wrong := range []struct {
		config peers.Config
		status peers.Status
		detail string
	}{
		{peers.Config{Name: "a\x00b"}, peers.ErrInvalid, `Name "a\x00b" contains a NUL character`},
		{peers.Config{Name: "a\xff"}, peers.ErrUTF8, "name"},
		{peers.Config{Cluster: strings.Repeat("c", 256)}, peers.ErrTooLarge, "cluster"},
		{peers.Config{Value: make([]byte, 2000)}, peers.ErrTooLarge, "value"},
		{peers.Config{Interval: -time.Second}, peers.ErrInvalid, "Interval is -1s; it is 0 to "},
		{peers.Config{Interval: time.Millisecond}, peers.ErrInvalid, "interval"},
		{peers.Config{Expiry: 1200 * time.Hour}, peers.ErrInvalid, "Expiry is 1200h0m0s"},
		{peers.Config{Expiry: 25 * time.Hour}, peers.ErrInvalid, "expiry"},
		{peers.Config{GroupV4: netip.MustParseAddr("192.0.2.1")}, peers.ErrInvalid, "192.0.2.1"},
		{peers.Config{GroupV6: netip.MustParseAddr("2001:db8::1")}, peers.ErrInvalid, "2001:db8::1"},
		{peers.Config{NoIPv4: true, NoIPv6: true}, peers.ErrInvalid, "IPv4"},
		{peers.Config{ManualClock: true}, peers.ErrInvalid, "memory network"},
		{peers.Config{Network: "mars"}, peers.ErrInvalid, "mars"},
		{peers.Config{Interfaces: "nosuch7"}, peers.ErrInterface, "interface \"nosuch7\" does not exist"},
		{peers.Config{Keys: make([]peers.Key, 9)}, peers.ErrInvalid, "at most 8"},
		{peers.Config{Seeds: []string{"192.0.2.1:1", "192.0.2.1"}}, peers.ErrInvalid, `the seed "192.0.2.1" has no port`},
		{peers.Config{Seeds: []string{"a\x00:1"}}, peers.ErrInvalid, `Seeds "a\x00:1" contains a NUL character`},
		{peers.Config{Mode: peers.ModeSeeds | peers.ModeSWIM}, peers.ErrUnsupported, "mode is 0x6"},
		{peers.Config{UnicastPort: 49001}, peers.ErrInvalid, "unicast_port is 49001"},
		{peers.Config{Log: func(peers.LogLevel, string) {}, LogLevel: 9}, peers.ErrInvalid, "log_level is 9"},
	} {
		node, err := peers.Start(wrong.config)
		var failure *peers.Error
		if node != nil || !errors.As(err, &failure) || !errors.Is(err, wrong.status) || failure.Status != wrong.status {
			t.Errorf("%+v gives %v, not %v", wrong.config, err, wrong.status)
			continue
		}
		if !strings.Contains(failure.Detail, wrong.detail) || err.Error() != "peers: "+failure.Detail {
			t.Errorf("%+v gives the words %q, without %q", wrong.config, err, wrong.detail)
		}
	}
}

func TestWrongCallsGiveAStatus(t *testing.T) {
	node, running := start(t, peers.Config{}), startRunning(t, peers.Config{Name: "running"})
	for _, wrong := range []struct {
		err    error
		status peers.Status
	}{
		{node.Register("", nil, 0), peers.ErrInvalid},
		{node.Register("a\x00b", nil, 0), peers.ErrInvalid},
		{node.Register("lamp", nil, -1), peers.ErrInvalid},
		{node.Register("lamp", make([]byte, 1025), 0), peers.ErrTooLarge},
		{node.SetValue(make([]byte, 2000)), peers.ErrTooLarge},
		{node.SetKeys(), peers.ErrInvalid},
		{node.SetSeeds("10.0.0.1:1"), peers.ErrInvalid},
		{node.SetKeys(peers.Key{}), peers.ErrInvalid},
		{node.Advance(-1), peers.ErrInvalid},
		{running.Advance(1), peers.ErrInvalid},
	} {
		if !errors.Is(wrong.err, wrong.status) {
			t.Errorf("it gives %v, not %v", wrong.err, wrong.status)
		}
	}
}

func TestAFullRegistrySaysSo(t *testing.T) {
	node := start(t, peers.Config{MaxPeers: 1})
	succeed(t, node.Register("lamp", nil, 0))
	err := node.Register("door", nil, 0)
	equal(t, "its being full", errors.Is(err, peers.ErrFull), true)
}

func TestAClosedNodeSaysSo(t *testing.T) {
	node := start(t, peers.Config{})
	succeed(t, node.Close())
	succeed(t, node.Close())
	_, listed := node.List()
	_, health := node.Health()
	for _, err := range []error{listed, health, node.Register("lamp", nil, 0), node.SetValue(nil), node.Advance(1), node.SetSeeds()} {
		equal(t, "error", errors.Is(err, peers.ErrHandle), true)
	}
}

func TestAStatusHasWords(t *testing.T) {
	equal(t, "text", peers.ErrFull.Error(), "registry is full")
	equal(t, "text", peers.Status(-999).Error(), "unknown status")
}

// record keeps the lines of a log.
type record struct {
	sync.Mutex
	lines []string
}

func (r *record) add(level peers.LogLevel, message string) {
	r.Lock()
	defer r.Unlock()
	r.lines = append(r.lines, level.String()+" "+message)
}

func TestTheLogComesInOrderAndEndsWithTheNode(t *testing.T) {
	for name, start := range map[string]func(*testing.T, peers.Config) *peers.Node{"manual": start, "running": startRunning} {
		t.Run(name, func(t *testing.T) {
			var log record
			node := start(t, peers.Config{Log: log.add, LogLevel: peers.LogDebug})
			succeed(t, node.Register("lamp", nil, time.Hour))
			succeed(t, node.Close())
			network := "memory:" + t.Name()
			want := []string{
				`info started "kitchen": a network in memory, on ` + network + ` (10.0.0.1)`,
				`debug peer joined: "lamp" (registered)`,
				`info stopped`,
			}
			if !reflect.DeepEqual(log.lines, want) {
				t.Errorf("the log is %q, not %q", log.lines, want)
			}
		})
	}
}

func TestTheLogsLevelHolds(t *testing.T) {
	var log record
	node := start(t, peers.Config{Log: log.add, LogLevel: peers.LogWarn})
	succeed(t, node.Register("lamp", nil, 0))
	succeed(t, node.Close())
	equal(t, "lines", len(log.lines), 0)
}

func TestTheLogMayUseTheNodeButNotCloseIt(t *testing.T) {
	var node *peers.Node
	results := make(chan error, 2)
	started := make(chan struct{})
	node = startRunning(t, peers.Config{LogLevel: peers.LogDebug, Log: func(_ peers.LogLevel, message string) {
		if strings.HasPrefix(message, "peer joined") {
			<-started
			_, err := node.List()
			results <- err
			results <- node.Close()
		}
	}})
	close(started)
	succeed(t, node.Register("lamp", nil, 0))
	listed, _ := receive(t, results)
	succeed(t, listed)
	closed, _ := receive(t, results)
	equal(t, "its being refused", errors.Is(closed, peers.ErrDeadlock), true)
	equal(t, "entries", len(list(t, node)), 1) // it lives on
}
