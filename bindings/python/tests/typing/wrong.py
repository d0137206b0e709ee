"""What a type checker has to refuse, each with the code of the error."""

import peers

node = peers.start("kitchen", port="49001")  # type: ignore[arg-type]
node.register(b"lamp")  # type: ignore[arg-type]
node.list()[0].name.missing()  # type: ignore[attr-defined]
print(node.next_event().peer.name)  # type: ignore[union-attr]
peers.start(mode="moon")  # type: ignore[arg-type]
node.set_seeds([("10.0.1.5", 49002)])  # type: ignore[list-item]
peers.start(unknown=True)  # type: ignore[call-arg]
