# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_peers_global_optspecs
    string join \n h/help V/version
end

function __fish_peers_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_peers_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_peers_using_subcommand
    set -l cmd (__fish_peers_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c peers -n "__fish_peers_needs_command" -s h -l help -d 'Print help'
complete -c peers -n "__fish_peers_needs_command" -s V -l version -d 'Print version'
complete -c peers -n "__fish_peers_needs_command" -f -a "watch" -d 'Show the peers as they come and go'
complete -c peers -n "__fish_peers_needs_command" -f -a "list" -d 'List the peers that answer'
complete -c peers -n "__fish_peers_needs_command" -f -a "announce" -d 'Announce a name, a value and a port until Ctrl-C or SIGTERM'
complete -c peers -n "__fish_peers_needs_command" -f -a "doctor" -d 'Explain whether nodes on this host find others, and if not, why'
complete -c peers -n "__fish_peers_using_subcommand watch" -l cluster -d 'The cluster: only its nodes are listed [default: the one without a name]' -r
complete -c peers -n "__fish_peers_using_subcommand watch" -l interface -d 'The interfaces to use, comma-separated; * stands for any characters [default: all but loopback]' -r
complete -c peers -n "__fish_peers_using_subcommand watch" -l group -d 'The multicast group; give it twice for IPv4 and IPv6 [default: 239.2.3.4 and ff12::ef02:304]' -r
complete -c peers -n "__fish_peers_using_subcommand watch" -l group-port -d 'The UDP port of the groups' -r
complete -c peers -n "__fish_peers_using_subcommand watch" -l hops -d 'The multicast TTL of announcements: 1 keeps them on the link' -r
complete -c peers -n "__fish_peers_using_subcommand watch" -l mode -d 'How peers are found [default: by multicast, and by seeds if there are any]' -r -f -a "multicast\t'On the local network'
seeds\t'By unicast alone'
multicast+seeds\t'Both'
swim\t'As members of a cluster by the SWIM protocol, over unicast alone'"
complete -c peers -n "__fish_peers_using_subcommand watch" -l seed -d 'A node to query where multicast does not reach: its host and its --unicast-port; may be given again' -r
complete -c peers -n "__fish_peers_using_subcommand watch" -l unicast-port -d 'The UDP port of the node\'s own socket, for a firewall and for the seeds of others [default: any]' -r
complete -c peers -n "__fish_peers_using_subcommand watch" -l key-file -d 'The key of the cluster: a file of 32 random bytes that its owner alone can read; may be given again' -r
complete -c peers -n "__fish_peers_using_subcommand watch" -l interval -d 'The time between two announcements' -r
complete -c peers -n "__fish_peers_using_subcommand watch" -l expiry -d 'The time after which the others drop a node that they do not hear' -r
complete -c peers -n "__fish_peers_using_subcommand watch" -l max-peers -d 'The maximum number of listed peers' -r
complete -c peers -n "__fish_peers_using_subcommand watch" -l json -d 'Print a line of JSON for each event'
complete -c peers -n "__fish_peers_using_subcommand watch" -l no-ipv4 -d 'Do not use IPv4'
complete -c peers -n "__fish_peers_using_subcommand watch" -l no-ipv6 -d 'Do not use IPv6'
complete -c peers -n "__fish_peers_using_subcommand watch" -l no-legacy -d 'Neither send nor list legacy beacons'
complete -c peers -n "__fish_peers_using_subcommand watch" -l verbose -d 'Print the node\'s log to the standard error'
complete -c peers -n "__fish_peers_using_subcommand watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c peers -n "__fish_peers_using_subcommand list" -l wait -d 'Wait this long for answers: a number with ms, s, m or h' -r
complete -c peers -n "__fish_peers_using_subcommand list" -l count -d 'Wait only until N peers are listed; fewer in the end give exit status 1' -r
complete -c peers -n "__fish_peers_using_subcommand list" -l cluster -d 'The cluster: only its nodes are listed [default: the one without a name]' -r
complete -c peers -n "__fish_peers_using_subcommand list" -l interface -d 'The interfaces to use, comma-separated; * stands for any characters [default: all but loopback]' -r
complete -c peers -n "__fish_peers_using_subcommand list" -l group -d 'The multicast group; give it twice for IPv4 and IPv6 [default: 239.2.3.4 and ff12::ef02:304]' -r
complete -c peers -n "__fish_peers_using_subcommand list" -l group-port -d 'The UDP port of the groups' -r
complete -c peers -n "__fish_peers_using_subcommand list" -l hops -d 'The multicast TTL of announcements: 1 keeps them on the link' -r
complete -c peers -n "__fish_peers_using_subcommand list" -l mode -d 'How peers are found [default: by multicast, and by seeds if there are any]' -r -f -a "multicast\t'On the local network'
seeds\t'By unicast alone'
multicast+seeds\t'Both'
swim\t'As members of a cluster by the SWIM protocol, over unicast alone'"
complete -c peers -n "__fish_peers_using_subcommand list" -l seed -d 'A node to query where multicast does not reach: its host and its --unicast-port; may be given again' -r
complete -c peers -n "__fish_peers_using_subcommand list" -l unicast-port -d 'The UDP port of the node\'s own socket, for a firewall and for the seeds of others [default: any]' -r
complete -c peers -n "__fish_peers_using_subcommand list" -l key-file -d 'The key of the cluster: a file of 32 random bytes that its owner alone can read; may be given again' -r
complete -c peers -n "__fish_peers_using_subcommand list" -l interval -d 'The time between two announcements' -r
complete -c peers -n "__fish_peers_using_subcommand list" -l expiry -d 'The time after which the others drop a node that they do not hear' -r
complete -c peers -n "__fish_peers_using_subcommand list" -l max-peers -d 'The maximum number of listed peers' -r
complete -c peers -n "__fish_peers_using_subcommand list" -l json -d 'Print a JSON array with an object for each peer'
complete -c peers -n "__fish_peers_using_subcommand list" -l no-ipv4 -d 'Do not use IPv4'
complete -c peers -n "__fish_peers_using_subcommand list" -l no-ipv6 -d 'Do not use IPv6'
complete -c peers -n "__fish_peers_using_subcommand list" -l no-legacy -d 'Neither send nor list legacy beacons'
complete -c peers -n "__fish_peers_using_subcommand list" -l verbose -d 'Print the node\'s log to the standard error'
complete -c peers -n "__fish_peers_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c peers -n "__fish_peers_using_subcommand announce" -l name -d 'The name to announce [default: the host name]' -r
complete -c peers -n "__fish_peers_using_subcommand announce" -l port -d 'The port of the announced service' -r
complete -c peers -n "__fish_peers_using_subcommand announce" -l value -d 'A text to announce with the name' -r
complete -c peers -n "__fish_peers_using_subcommand announce" -l value-file -d 'A file with the bytes to announce with the name' -r
complete -c peers -n "__fish_peers_using_subcommand announce" -l cluster -d 'The cluster: only its nodes are listed [default: the one without a name]' -r
complete -c peers -n "__fish_peers_using_subcommand announce" -l interface -d 'The interfaces to use, comma-separated; * stands for any characters [default: all but loopback]' -r
complete -c peers -n "__fish_peers_using_subcommand announce" -l group -d 'The multicast group; give it twice for IPv4 and IPv6 [default: 239.2.3.4 and ff12::ef02:304]' -r
complete -c peers -n "__fish_peers_using_subcommand announce" -l group-port -d 'The UDP port of the groups' -r
complete -c peers -n "__fish_peers_using_subcommand announce" -l hops -d 'The multicast TTL of announcements: 1 keeps them on the link' -r
complete -c peers -n "__fish_peers_using_subcommand announce" -l mode -d 'How peers are found [default: by multicast, and by seeds if there are any]' -r -f -a "multicast\t'On the local network'
seeds\t'By unicast alone'
multicast+seeds\t'Both'
swim\t'As members of a cluster by the SWIM protocol, over unicast alone'"
complete -c peers -n "__fish_peers_using_subcommand announce" -l seed -d 'A node to query where multicast does not reach: its host and its --unicast-port; may be given again' -r
complete -c peers -n "__fish_peers_using_subcommand announce" -l unicast-port -d 'The UDP port of the node\'s own socket, for a firewall and for the seeds of others [default: any]' -r
complete -c peers -n "__fish_peers_using_subcommand announce" -l key-file -d 'The key of the cluster: a file of 32 random bytes that its owner alone can read; may be given again' -r
complete -c peers -n "__fish_peers_using_subcommand announce" -l interval -d 'The time between two announcements' -r
complete -c peers -n "__fish_peers_using_subcommand announce" -l expiry -d 'The time after which the others drop a node that they do not hear' -r
complete -c peers -n "__fish_peers_using_subcommand announce" -l max-peers -d 'The maximum number of listed peers' -r
complete -c peers -n "__fish_peers_using_subcommand announce" -l json -d 'Print a JSON object of the announcement instead of a line'
complete -c peers -n "__fish_peers_using_subcommand announce" -l no-ipv4 -d 'Do not use IPv4'
complete -c peers -n "__fish_peers_using_subcommand announce" -l no-ipv6 -d 'Do not use IPv6'
complete -c peers -n "__fish_peers_using_subcommand announce" -l no-legacy -d 'Neither send nor list legacy beacons'
complete -c peers -n "__fish_peers_using_subcommand announce" -l verbose -d 'Print the node\'s log to the standard error'
complete -c peers -n "__fish_peers_using_subcommand announce" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c peers -n "__fish_peers_using_subcommand doctor" -l wait -d 'Listen this long for other nodes: a number with ms, s, m or h' -r
complete -c peers -n "__fish_peers_using_subcommand doctor" -l cluster -d 'The cluster: only its nodes are listed [default: the one without a name]' -r
complete -c peers -n "__fish_peers_using_subcommand doctor" -l interface -d 'The interfaces to use, comma-separated; * stands for any characters [default: all but loopback]' -r
complete -c peers -n "__fish_peers_using_subcommand doctor" -l group -d 'The multicast group; give it twice for IPv4 and IPv6 [default: 239.2.3.4 and ff12::ef02:304]' -r
complete -c peers -n "__fish_peers_using_subcommand doctor" -l group-port -d 'The UDP port of the groups' -r
complete -c peers -n "__fish_peers_using_subcommand doctor" -l hops -d 'The multicast TTL of announcements: 1 keeps them on the link' -r
complete -c peers -n "__fish_peers_using_subcommand doctor" -l mode -d 'How peers are found [default: by multicast, and by seeds if there are any]' -r -f -a "multicast\t'On the local network'
seeds\t'By unicast alone'
multicast+seeds\t'Both'
swim\t'As members of a cluster by the SWIM protocol, over unicast alone'"
complete -c peers -n "__fish_peers_using_subcommand doctor" -l seed -d 'A node to query where multicast does not reach: its host and its --unicast-port; may be given again' -r
complete -c peers -n "__fish_peers_using_subcommand doctor" -l unicast-port -d 'The UDP port of the node\'s own socket, for a firewall and for the seeds of others [default: any]' -r
complete -c peers -n "__fish_peers_using_subcommand doctor" -l key-file -d 'The key of the cluster: a file of 32 random bytes that its owner alone can read; may be given again' -r
complete -c peers -n "__fish_peers_using_subcommand doctor" -l interval -d 'The time between two announcements' -r
complete -c peers -n "__fish_peers_using_subcommand doctor" -l expiry -d 'The time after which the others drop a node that they do not hear' -r
complete -c peers -n "__fish_peers_using_subcommand doctor" -l max-peers -d 'The maximum number of listed peers' -r
complete -c peers -n "__fish_peers_using_subcommand doctor" -l json -d 'Print the report as a JSON object'
complete -c peers -n "__fish_peers_using_subcommand doctor" -l no-ipv4 -d 'Do not use IPv4'
complete -c peers -n "__fish_peers_using_subcommand doctor" -l no-ipv6 -d 'Do not use IPv6'
complete -c peers -n "__fish_peers_using_subcommand doctor" -l no-legacy -d 'Neither send nor list legacy beacons'
complete -c peers -n "__fish_peers_using_subcommand doctor" -l verbose -d 'Print the node\'s log to the standard error'
complete -c peers -n "__fish_peers_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
