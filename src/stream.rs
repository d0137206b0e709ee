//! `EventStream`: the events of a subscription for tokio.

use std::future::poll_fn;
use std::io;
use std::os::unix::net;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use tokio::io::Interest;
use tokio::net::UnixDatagram;

use crate::error::{Error, ErrorKind};
use crate::subscription::Subscription;
use crate::sys;
use peers_proto::Event;

/// The events of a [`Subscription`] as a stream. tokio polls its descriptor, so no thread waits. The feature `tokio` has it, on
/// Unix.
///
/// It ends when the node is stopped or has failed; [`Peers::health`](crate::Peers::health) says which. A task that is cancelled
/// takes no event along. Dropping it ends the subscription.
///
/// ```
/// use peers::{Config, Event, EventStream, Network, Peers};
///
/// # async fn run() -> Result<(), peers::Error> {
/// let node = Peers::start(Config { network: Network::Memory("stream".into()), ..Config::default() })?;
/// let mut events = EventStream::new(node.subscribe()?)?;
/// node.register("lamp", b"on", None)?;
/// while let Some(event) = events.next().await {
///     if let Event::Joined(peer) = event {
///         println!("{} at {:?}", peer.name, peer.socket_address());
///         node.stop(); // ends the stream
///     }
/// }
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap().block_on(run()).unwrap();
/// ```
pub struct EventStream {
    /// A duplicate of the subscription's descriptor, which is one of a pair of datagram sockets. Nothing is read from it.
    readiness: UnixDatagram,
    subscription: Subscription,
}

impl EventStream {
    /// Returns the stream of a subscription. Its runtime has to have its input and output enabled.
    ///
    /// # Errors
    /// [`ErrorKind::Stopped`] if the node was stopped; [`ErrorKind::System`] if the system does not poll the descriptor.
    ///
    /// # Panics
    /// Outside of a tokio runtime, as [`UnixDatagram::from_std`] does.
    pub fn new(subscription: Subscription) -> Result<Self, Error> {
        let own = sys::duplicate(subscription.event_fd()?).map(net::UnixDatagram::from);
        let readiness = own.and_then(UnixDatagram::from_std);
        let readiness =
            readiness.map_err(|error| Error::system("polling the descriptor for events by tokio", &error))?;
        Ok(EventStream { readiness, subscription })
    }

    /// Waits for the next event, as the `next` of the crates futures and tokio-stream does; `None` at the end.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl Stream for EventStream {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        loop {
            match self.subscription.next_event(Some(Duration::ZERO)) {
                Ok(event) => return Poll::Ready(Some(event)),
                Err(error) if error.kind() == ErrorKind::Timeout => {}
                Err(_) => return Poll::Ready(None),
            }
            if ready!(self.readiness.poll_recv_ready(context)).is_err() {
                return Poll::Ready(None);
            }
            // tokio forgets that it was readable, and reports the next event, which makes it readable anew.
            let _: io::Result<()> =
                self.readiness.try_io(Interest::READABLE, || Err(io::ErrorKind::WouldBlock.into()));
        }
    }
}
