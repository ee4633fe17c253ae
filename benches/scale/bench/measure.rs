//! What a process costs: wall time, processor time, the most memory it held, and what several
//! runs of the same are worth together.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// How often a process is looked at, at most. The system keeps the highest value of its memory,
/// so only the growth since the last look can be missed.
const OFTEN: Duration = Duration::from_millis(1);
/// How often at least: looking takes time from a processor.
const SELDOM: Duration = Duration::from_millis(5);
/// So many looks in the time that has passed are enough.
const LOOKS: u32 = 200;

/// What one process cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// From its start to its end.
    pub(crate) wall: Duration,
    /// On all processors together, children included.
    pub(crate) cpu: Duration,
    /// The most memory it held, in bytes.
    pub(crate) peak: u64,
    /// From its start until the file that was watched grew, if it did.
    pub(crate) grew: Option<Duration>,
}

/// Several runs of one step. On a machine that does other things, too, one run tells little.
pub(crate) struct Runs(Vec<Cost>);

impl Runs {
    /// So many of them, told their number.
    ///
    /// # Errors
    /// The first one's that fails.
    pub(super) fn of<E>(
        times: usize,
        mut run: impl FnMut(usize) -> Result<Cost, E>,
    ) -> Result<Self, E> {
        (0..times).map(&mut run).collect::<Result<Vec<_>, _>>().map(Self::from)
    }

    /// The one in the middle, by the time that is told of it.
    pub(super) fn median(&self) -> Cost {
        self.0[self.0.len() / 2]
    }

    /// The shortest and the longest time, where there are several.
    pub(super) fn spread(&self) -> Option<(Duration, Duration)> {
        let (first, last) = (self.0.first()?, self.0.last()?);
        (self.0.len() > 1).then(|| (first.told(), last.told()))
    }
}

impl From<Cost> for Runs {
    fn from(cost: Cost) -> Self {
        Self(vec![cost])
    }
}

impl From<Vec<Cost>> for Runs {
    fn from(mut costs: Vec<Cost>) -> Self {
        costs.sort_by_key(Cost::told);
        Self(costs)
    }
}

impl Cost {
    /// What a step took: until what was watched for, or until its end.
    pub(super) fn told(&self) -> Duration {
        self.grew.unwrap_or(self.wall)
    }
}

/// Runs a command to its end; what it prints goes to `output`.
///
/// # Errors
/// When it cannot be started or watched.
pub(crate) fn run(command: &mut Command, output: &Path) -> io::Result<Cost> {
    run_watching(command, output, None)
}

/// The same, and when another file grew.
///
/// # Errors
/// When it cannot be started or watched.
pub(super) fn run_watching(
    command: &mut Command,
    output: &Path,
    watched: Option<&Path>,
) -> io::Result<Cost> {
    let size = || watched.and_then(|file| fs::metadata(file).ok()).map_or(0, |file| file.len());
    let file = File::create(output)?;
    command.stdout(file.try_clone()?).stderr(file);
    let before = size();
    let started = now();
    let mut child = command.spawn()?;
    let (mut peak, mut grew, mut runs) = (0, None, false);
    while !has_ended(&child)? {
        runs = runs || is_itself(child.id());
        if runs {
            peak = peak.max(peak_memory(child.id()).unwrap_or(0));
        }
        if grew.is_none() && size() > before {
            grew = Some(started.elapsed());
        }
        thread::sleep((started.elapsed() / LOOKS).clamp(OFTEN, SELDOM));
    }
    let wall = started.elapsed();
    let cpu = cpu_time(child.id()).unwrap_or_default();
    Ok(Cost { status: child.wait()?, wall, cpu, peak, grew })
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// Whether a child has ended; it is left in place, so that its times can still be read.
fn has_ended(child: &Child) -> io::Result<bool> {
    let pid = Pid::from_child(child);
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    Ok(waitid(WaitId::Pid(pid), look)?.is_some())
}

/// Whether a child has become the program that it was started for. Until then it is told to
/// hold what this process does.
fn is_itself(pid: u32) -> bool {
    let command = |process: &str| fs::read(format!("/proc/{process}/cmdline")).ok();
    command(&pid.to_string()) != command("self")
}

/// `VmHWM` of proc(5), in bytes.
fn peak_memory(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kibibytes * 1024)
}

/// What a process, those of its children that have ended and those that run have cost.
pub(super) fn cpu_time_of_family(parent: u32) -> Duration {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let children = numbers.filter(|pid| parent_of(*pid) == Some(parent));
    let family = children.chain([parent]);
    family.filter_map(cpu_time).sum()
}

/// `ppid` of proc(5).
fn parent_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// `utime` and `stime` of proc(5), and those of children that have ended: hundredths of a
/// second on Linux.
fn cpu_time(pid: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some(Duration::from_millis(10 * (next()? + next()? + next()? + next()?)))
}
