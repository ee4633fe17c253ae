//! A run as a progress bar, for terminals: late, seldom, gone at the end.

use std::fmt;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::plain::{progress_words, settled};
use super::stop::{pause_sentence, stop_sentence};
use super::{Now, RunListener};
use crate::event::RunEvent;
use crate::model::Timestamp;
use crate::view::text::roughly;

/// Runs shorter than this show no bar at all.
const LATE: Duration = Duration::from_millis(250);
/// At most ten drawings a second.
const SELDOM: Duration = Duration::from_millis(100);

/// Draws on stderr. Wrap it in [`super::Detached`], since a terminal can stand still.
pub struct Bar {
    make_target: Box<dyn Fn() -> ProgressDrawTarget + Send>,
    now: Now,
    running: Option<Running>,
}

struct Running {
    bar: ProgressBar,
    campaign: String,
    settled: u64,
    started: Timestamp,
    drawn: Option<Timestamp>,
}

impl Bar {
    /// A bar on this process's stderr.
    pub fn on_stderr(now: Now) -> Self {
        Self::on_target(Box::new(|| ProgressDrawTarget::stderr_with_hz(10)), now)
    }

    fn on_target(make_target: Box<dyn Fn() -> ProgressDrawTarget + Send>, now: Now) -> Self {
        Self { make_target, now, running: None }
    }

    /// Draws the words, unless it is too early or too soon; a turn of events is drawn at once.
    fn draw(&mut self, words: &str, is_turn: bool) {
        let now = (self.now)();
        let Some(running) = &mut self.running else { return };
        let early = now.since(running.started) < LATE;
        let soon = running.drawn.is_some_and(|drawn| now.since(drawn) < SELDOM);
        if early || (soon && !is_turn) {
            return;
        }
        if running.drawn.is_none() {
            running.bar.set_draw_target((self.make_target)());
        }
        running.drawn = Some(now);
        running.bar.set_position(running.settled);
        running.bar.set_message(format!("{}  {words}", running.campaign));
    }
}

impl RunListener for Bar {
    fn on(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Started { campaign, counts, .. } => {
                let bar = ProgressBar::hidden();
                bar.set_style(style());
                bar.set_length(counts.planned());
                let settled = settled(*counts);
                let campaign = campaign.as_str().to_owned();
                let started = (self.now)();
                self.running = Some(Running { bar, campaign, settled, started, drawn: None });
            }
            RunEvent::Progress(progress) => {
                if let Some(running) = &mut self.running {
                    running.settled = settled(progress.counts);
                }
                self.draw(&progress_words(progress), false);
            }
            RunEvent::Paused { cause, wait, detail } => {
                let why = pause_sentence(*cause, detail.as_ref());
                let words = format!("pausing for {}: {why}", roughly(*wait));
                self.draw(&words, true);
            }
            RunEvent::Resumed => self.draw("going on", true),
            RunEvent::Draining { stop, in_flight } => {
                self.draw(&format!("{}; {in_flight} on the wire", stop_sentence(*stop)), true);
            }
            RunEvent::Finished(_) => {
                if let Some(running) = self.running.take() {
                    running.bar.finish_and_clear();
                }
            }
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.bar.finish_and_clear();
        }
    }
}

impl fmt::Debug for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bar").field("running", &self.running.is_some()).finish_non_exhaustive()
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{bar:12} {percent:>3}%  {wide_msg}")
        .expect("the template is a constant")
        .progress_chars("=> ")
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use indicatif::TermLike;

    use super::super::samples::{TestClock, progress, report, started};
    use super::*;
    use crate::event::StopReason;

    #[derive(Clone, Debug, Default)]
    struct Screen(Arc<Mutex<Vec<String>>>);

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            110
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            if !text.trim().is_empty() {
                self.0.lock().expect("not poisoned").push(text.trim_end().to_owned());
            }
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    fn bar(screen: &Screen, clock: &TestClock) -> Bar {
        let screen = screen.clone();
        let target = move || ProgressDrawTarget::term_like(Box::new(screen.clone()));
        Bar::on_target(Box::new(target), clock.now())
    }

    #[test]
    fn a_short_run_shows_nothing() {
        let (screen, clock) = (Screen::default(), TestClock::default());
        let mut bar = bar(&screen, &clock);
        bar.on(&started("diwali-2026"));
        clock.advance(200);
        bar.on(&progress(100));
        bar.on(&RunEvent::Finished(report(StopReason::Limit)));
        assert_eq!(*screen.0.lock().expect("not poisoned"), Vec::<String>::new());
    }

    #[test]
    fn a_longer_one_is_drawn_but_seldom() {
        let (screen, clock) = (Screen::default(), TestClock::default());
        let mut bar = bar(&screen, &clock);
        bar.on(&started("diwali-2026"));
        for step in 0..200 {
            clock.advance(10);
            bar.on(&progress(143_000 + step));
        }
        let drawn = screen.0.lock().expect("not poisoned").clone();
        // Position and message may each be drawn.
        assert!((10..=40).contains(&drawn.len()), "{}", drawn.len());
        insta::assert_snapshot!(drawn.last().map_or("", String::as_str), @r"=====>        50%  diwali-2026  143,194 of 287,412  accepted 143,154  rejected 31  unknown 9  80/s  57 min lef");
    }
}
