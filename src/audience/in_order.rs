//! Work on blocks of rows: done on all processors, handed on in the order of reading.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// More threads than this only wait for the one that reads and takes.
const MOST_WORKERS: usize = 8;

/// Blocks on their way for each worker: one being worked on, the others waiting, because the
/// thread that reads and takes may have to wait for a processor itself.
const AHEAD: usize = 4;

/// How many threads are worth starting: none of their own for a small file.
pub(super) fn workers(file_bytes: u64) -> usize {
    const SMALL: u64 = 1 << 18;
    if file_bytes < SMALL {
        return 0;
    }
    thread::available_parallelism().map_or(0, |cores| cores.get().min(MOST_WORKERS))
}

/// Reads blocks with `read` until it says that there are no more, passes each through
/// `work` on another thread, and hands them to `take` in the order of reading. Tells
/// whether `take` stopped it; blocks may have been read that `take` then never saw.
///
/// At most `AHEAD` blocks for each worker are in memory; they are used again.
pub(super) fn in_order<B: Send>(
    workers: usize,
    new: impl Fn() -> B,
    mut read: impl FnMut(&mut B) -> bool,
    work: impl Fn(&mut B) + Sync,
    mut take: impl FnMut(&mut B) -> ControlFlow<()>,
) -> ControlFlow<()> {
    if workers == 0 {
        let mut block = new();
        loop {
            let more = read(&mut block);
            work(&mut block);
            take(&mut block)?;
            if !more {
                return ControlFlow::Continue(());
            }
        }
    }
    thread::scope(|scope| {
        let lanes: Vec<_> = (0..workers)
            .map(|_| {
                let (to_worker, todo) = channel();
                let (finished, from_worker) = channel();
                let work = &work;
                scope.spawn(move || run(work, &todo, &finished));
                Lane { to_worker, from_worker }
            })
            .collect();
        let mut spare = Vec::new();
        let mut on_their_way = VecDeque::new();
        let mut next = (0..workers).cycle();
        let mut more = true;
        loop {
            while more && on_their_way.len() < workers * AHEAD {
                let mut block = spare.pop().unwrap_or_else(&new);
                more = read(&mut block);
                let lane = next.next().unwrap_or(0);
                if lanes[lane].to_worker.send(block).is_err() {
                    return ControlFlow::Break(());
                }
                on_their_way.push_back(lane);
            }
            let Some(lane) = on_their_way.pop_front() else {
                return ControlFlow::Continue(());
            };
            // A worker only hangs up when it panics, and then the scope panics as well.
            let Ok(mut block) = lanes[lane].from_worker.recv() else {
                return ControlFlow::Break(());
            };
            take(&mut block)?;
            spare.push(block);
        }
    })
}

/// The two ends of one worker. It ends when they are dropped.
struct Lane<B> {
    to_worker: Sender<B>,
    from_worker: Receiver<B>,
}

fn run<B>(work: &(impl Fn(&mut B) + Sync), todo: &Receiver<B>, finished: &Sender<B>) {
    while let Ok(mut block) = todo.recv() {
        work(&mut block);
        if finished.send(block).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Squares 0..count in blocks of one; stops at `stop`.
    fn squares(workers: usize, count: u64, stop: Option<u64>) -> (Vec<u64>, ControlFlow<()>) {
        let (mut next, mut taken) = (0, Vec::new());
        let flow = in_order(
            workers,
            || 0,
            |block| {
                *block = next;
                next += 1;
                next < count
            },
            |block| {
                // Odd ones take longer, so that workers overtake each other.
                if *block % 2 == 1 {
                    thread::yield_now();
                }
                *block *= *block;
            },
            |block| {
                taken.push(*block);
                if stop == Some(*block) {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            },
        );
        (taken, flow)
    }

    #[test]
    fn blocks_come_out_in_the_order_they_were_read() {
        let expected: Vec<u64> = (0..1_000).map(|at| at * at).collect();
        for workers in [0, 1, 2, 7] {
            assert_eq!(
                squares(workers, 1_000, None),
                (expected.clone(), ControlFlow::Continue(()))
            );
        }
    }

    #[test]
    fn who_stops_sees_nothing_more() {
        for workers in [0, 1, 3] {
            let (taken, flow) = squares(workers, 1_000, Some(100));
            assert_eq!((taken.last(), taken.len(), flow), (Some(&100), 11, ControlFlow::Break(())));
        }
    }

    #[test]
    fn the_memory_of_blocks_is_used_again() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let made = AtomicUsize::new(0);
        let mut left = 100;
        let new = || made.fetch_add(1, Ordering::Relaxed);
        let read = |_: &mut usize| {
            left -= 1;
            left > 0
        };
        assert!(in_order(2, new, read, |_| (), |_| ControlFlow::Continue(())).is_continue());
        assert_eq!(made.load(Ordering::Relaxed), 2 * AHEAD);
    }
}
