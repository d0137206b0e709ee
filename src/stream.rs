//! `EventStream`: the events of a subscription for tokio.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::error::{Error, ErrorKind};
use crate::subscription::Subscription;
use crate::sys::Descriptor;
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
    /// Before the subscription, whose descriptor it takes out of tokio's poll.
    descriptor: AsyncFd<Descriptor>,
    subscription: Subscription,
}

impl EventStream {
    /// Returns the stream of a subscription. Its runtime has to have its input and output enabled.
    ///
    /// # Errors
    /// [`ErrorKind::Stopped`] if the node was stopped; [`ErrorKind::System`] if the system does not poll the descriptor.
    ///
    /// # Panics
    /// Outside of a tokio runtime, as [`AsyncFd::new`] does.
    pub fn new(subscription: Subscription) -> Result<Self, Error> {
        let descriptor = AsyncFd::with_interest(subscription.event_fd()?, Interest::READABLE);
        let descriptor = descriptor
            .map_err(|error| Error::system("polling the descriptor for events by tokio", &error))?;
        Ok(EventStream { descriptor, subscription })
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
            match ready!(self.descriptor.poll_read_ready(context)) {
                // tokio reports the next event, which makes the descriptor readable anew.
                Ok(mut is_ready) => is_ready.clear_ready(),
                Err(_) => return Poll::Ready(None),
            }
        }
    }
}
