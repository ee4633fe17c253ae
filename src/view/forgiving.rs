//! Streams that work goes on without: what is sent matters more than who reads about it.

use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

/// Passes on what is written until that fails once, then swallows the rest.
pub(super) struct Forgiving {
    inner: Box<dyn Write + Send>,
    lost: Lost,
}

/// Why a forgiving stream fell silent, once it has.
#[derive(Clone, Debug, Default)]
pub(super) struct Lost(Arc<OnceLock<io::ErrorKind>>);

impl Lost {
    pub(super) fn why(&self) -> Option<io::ErrorKind> {
        self.0.get().copied()
    }
}

impl Forgiving {
    pub(super) fn new(inner: Box<dyn Write + Send>) -> (Self, Lost) {
        let lost = Lost::default();
        (Self { inner, lost: lost.clone() }, lost)
    }

    /// Another stream that shares its silence with the first.
    pub(super) fn sharing(inner: Box<dyn Write + Send>, lost: &Lost) -> Self {
        Self { inner, lost: lost.clone() }
    }

    fn forgive<T>(&self, result: io::Result<T>, instead: T) -> io::Result<T> {
        match result {
            Ok(done) => Ok(done),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                // The first reason is the one that counts.
                let _ = self.lost.0.set(error.kind());
                Ok(instead)
            }
        }
    }
}

impl Write for Forgiving {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.lost.why().is_some() {
            return Ok(bytes.len());
        }
        let written = self.inner.write(bytes);
        self.forgive(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.lost.why().is_some() {
            return Ok(());
        }
        let flushed = self.inner.flush();
        self.forgive(flushed, ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes, then is full.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stream_that_fails_is_remembered_and_then_silent() {
        let (mut stream, lost) = Forgiving::new(Box::new(Full(4)));
        stream.write_all(b"four").expect("it fits");
        assert_eq!(lost.why(), None);
        stream.write_all(b"five and more").expect("forgiven");
        assert_eq!(lost.why(), Some(io::ErrorKind::StorageFull));
        stream.write_all(b"six").and_then(|()| stream.flush()).expect("silent");
    }
}
