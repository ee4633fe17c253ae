//! A connection whose replies can be cut, slowed or replaced, and that can end with RST.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{Sleep, sleep};

use super::script::{Cut, Drip};

/// What the handler of a request tells the connection it came on.
#[derive(Debug, Default)]
pub(super) struct Wire {
    /// Whether `plan` holds one; spares the lock for replies that are left alone.
    planned: AtomicBool,
    plan: Mutex<Option<Plan>>,
    reset: AtomicBool,
    idle: Mutex<Option<Duration>>,
    idle_changed: Notify,
}

/// What becomes of the reply's bytes.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Written in place of the reply; the connection then closes.
    replace: Option<Bytes>,
    /// Where it breaks off; the connection then closes.
    cut: Option<Cut>,
    /// How slowly it comes.
    drip: Option<Drip>,
    /// How many bytes of the blank line that ends the head have just gone by, up to 4.
    head_end: usize,
}

impl Wire {
    /// The next reply is written by this plan.
    pub(super) fn plan(&self, plan: Plan) {
        *locked(&self.plan) = Some(plan);
        self.planned.store(true, Ordering::Release);
    }

    /// The next reply is left alone again.
    pub(super) fn leave_alone(&self) {
        if self.planned.swap(false, Ordering::AcqRel) {
            *locked(&self.plan) = None;
        }
    }

    /// When the connection ends, it ends with RST.
    pub(super) fn end_with_reset(&self) {
        self.reset.store(true, Ordering::Release);
    }

    /// Closes the connection if no request comes for so long; `None` takes that back.
    pub(super) fn close_after(&self, idle: Option<Duration>) {
        *locked(&self.idle) = idle;
        self.idle_changed.notify_one();
    }

    /// Comes back when the connection has been idle for too long.
    pub(super) async fn idle_over(&self) {
        loop {
            let changed = self.idle_changed.notified();
            let idle = *locked(&self.idle);
            match idle {
                None => changed.await,
                Some(idle) => tokio::select! {
                    () = changed => {}
                    () = sleep(idle) => return,
                },
            }
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A TCP stream under the orders of a [`Wire`].
#[derive(Debug)]
pub(super) struct ScriptedStream {
    stream: TcpStream,
    wire: Arc<Wire>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl ScriptedStream {
    pub(super) fn new(stream: TcpStream, wire: Arc<Wire>) -> Self {
        Self { stream, wire, pause: None }
    }

    fn write_by_plan(&mut self, cx: &mut Context<'_>, reply: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            let mut guard = locked(&self.wire.plan);
            let Some(plan) = guard.as_mut() else {
                return Pin::new(&mut self.stream).poll_write(cx, reply);
            };
            let source = plan.replace.clone();
            let bytes = source.as_deref().unwrap_or(reply);
            let allowed = plan.allowance(bytes);
            if allowed == 0 {
                return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
            }
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &bytes[..allowed]))?;
            plan.wrote(&bytes[..written]);
            if let Some(drip) = plan.drip {
                self.pause = Some(Box::pin(sleep(Duration::from_millis(drip.every_ms))));
            }
            if source.is_none() {
                return Poll::Ready(Ok(written));
            }
        }
    }
}

/// The blank line that ends a reply's head.
const HEAD_END: &[u8; 4] = b"\r\n\r\n";

impl Plan {
    pub(super) fn new(replace: Option<Bytes>, cut: Option<Cut>, drip: Option<Drip>) -> Self {
        Self { replace, cut, drip, head_end: 0 }
    }

    /// How many of these bytes may be written now; 0 is the end of the connection.
    fn allowance(&self, bytes: &[u8]) -> usize {
        let before_cut = match self.cut {
            None => bytes.len(),
            Some(Cut::Reply(left)) => at_most(left, bytes.len()),
            Some(Cut::Body(left)) => {
                let head = self.head_left(bytes);
                head + at_most(left, bytes.len() - head)
            }
        };
        before_cut.min(self.drip.map_or(usize::MAX, |drip| drip.bytes))
    }

    fn wrote(&mut self, bytes: &[u8]) {
        let head = self.head_left(bytes);
        for byte in &bytes[..head] {
            self.head_end = match (self.head_end, *byte) {
                (matched, byte) if HEAD_END[matched] == byte => matched + 1,
                (_, b'\r') => 1,
                _ => 0,
            };
        }
        match &mut self.cut {
            None => {}
            Some(Cut::Reply(left)) => *left = left.saturating_sub(bytes.len() as u64),
            Some(Cut::Body(left)) => *left = left.saturating_sub((bytes.len() - head) as u64),
        }
        if let Some(replace) = &mut self.replace {
            replace.advance(bytes.len());
        }
    }

    /// How many of these bytes still belong to the head.
    fn head_left(&self, bytes: &[u8]) -> usize {
        let mut matched = self.head_end;
        for (place, byte) in bytes.iter().enumerate() {
            if matched == HEAD_END.len() {
                return place;
            }
            matched = match *byte {
                byte if HEAD_END[matched] == byte => matched + 1,
                b'\r' => 1,
                _ => 0,
            };
        }
        bytes.len()
    }
}

fn at_most(left: u64, length: usize) -> usize {
    usize::try_from(left).map_or(length, |left| left.min(length))
}

impl AsyncRead for ScriptedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for ScriptedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.wire.planned.load(Ordering::Acquire) {
            return this.write_by_plan(cx, bytes);
        }
        Pin::new(&mut this.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.wire.planned.load(Ordering::Acquire) {
            let first = slices.iter().find(|slice| !slice.is_empty());
            return first.map_or(Poll::Ready(Ok(0)), |slice| this.write_by_plan(cx, slice));
        }
        Pin::new(&mut this.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

impl Drop for ScriptedStream {
    fn drop(&mut self) {
        if self.wire.reset.load(Ordering::Acquire) {
            // With a linger time of zero the close that follows sends RST. A socket that
            // refuses is closed all the same.
            let _ = self.stream.set_zero_linger();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that a plan lets through of a reply written in pieces of one size.
    fn let_through(cut: Cut, reply: &[u8], piece: usize) -> Vec<u8> {
        let mut plan = Plan { cut: Some(cut), ..Plan::default() };
        let mut written = Vec::new();
        let mut rest = reply;
        while !rest.is_empty() {
            let offered = &rest[..piece.min(rest.len())];
            let allowed = plan.allowance(offered);
            if allowed == 0 {
                break;
            }
            plan.wrote(&offered[..allowed]);
            written.extend_from_slice(&offered[..allowed]);
            rest = &rest[allowed..];
        }
        written
    }

    #[test]
    fn a_reply_breaks_off_at_the_byte_it_is_told_to() {
        let reply = b"HTTP/1.1 200 OK\r\nx: \r\r\n\r\n{\"id\": 1}";
        let head = reply.len() - 9;
        for piece in 1..=reply.len() {
            for after in 0..=9 {
                let body = let_through(Cut::Body(after as u64), reply, piece);
                assert_eq!(body, &reply[..head + after], "{piece} {after}");
                let whole = let_through(Cut::Reply(after as u64), reply, piece);
                assert_eq!(whole, &reply[..after], "{piece} {after}");
            }
            assert_eq!(let_through(Cut::Body(100), reply, piece), reply);
        }
    }
}
