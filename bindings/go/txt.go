package peers

/*
#include <stdlib.h>
#include <peers.h>
*/
import "C"

import (
	"sort"
	"strings"
	"unsafe"
)

// TXT returns the keys and values that [MakeTXT] has written into the value of the peer, the keys in lower case. A key without
// a value has "". It is empty for a value that is not in that format, so peer.TXT()["role"] does for every peer.
func (p *Peer) TXT() map[string]string {
	pairs := map[string]string{}
	for rest := p.Value; len(rest) > 0; {
		end := 1 + int(rest[0])
		if end > len(rest) {
			return map[string]string{}
		}
		key, value, _ := strings.Cut(string(rest[1:end]), "=")
		if strings.IndexFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) >= 0 {
			return map[string]string{}
		}
		key = strings.ToLower(key)
		// The first string of a key counts, and one without a key is none (RFC 6763, section 6.4).
		if _, isKnown := pairs[key]; key != "" && !isKnown {
			pairs[key] = value
		}
		rest = rest[end:]
	}
	return pairs
}

// MakeTXT returns a value for [Config] and [Node.SetValue] of these keys and values, in the format of DNS-SD's TXT records (RFC
// 6763, section 6).
//
// Errors: ErrInvalid (a key is printable ASCII without '='), ErrTooLarge (a key and its value have more than 254 bytes).
func MakeTXT(pairs map[string]string) ([]byte, error) {
	keys := make([]string, 0, len(pairs))
	for key := range pairs {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	var txt []byte
	for _, key := range keys {
		value := pairs[key]
		name, err := cString("key", key)
		if err != nil {
			return nil, err
		}
		defer C.free(unsafe.Pointer(name))
		// A string has at most 255 bytes behind its length.
		longer := append(txt, make([]byte, 256)...)
		length := C.size_t(len(txt))
		content := []byte(value + "\x00") // never of no bytes, which C takes for a key without a value
		err = call(func() C.int32_t {
			return C.peers_txt_put(
				unsafe.Pointer(&longer[0]), C.size_t(len(longer)), &length, name, unsafe.Pointer(&content[0]), C.size_t(len(value)),
			)
		})
		if err != nil {
			return nil, err
		}
		txt = longer[:length]
	}
	return txt, nil
}
