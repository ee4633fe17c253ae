//! Where output goes and how it may look there, decided once from the environment.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use super::forgiving::{Forgiving, Lost};
use super::style::Palette;

/// Columns assumed where nothing tells.
const DEFAULT_WIDTH: usize = 100;
/// Columns below or above which a stated width is not believed.
const WIDTHS: std::ops::RangeInclusive<usize> = 20..=1_000;

/// `--color`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ColourChoice {
    /// As the environment and the terminal say.
    #[default]
    Auto,
    /// Whatever they say.
    Always,
    /// Not at all.
    Never,
}

/// All that the looks depend on, as plain data.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Environment {
    /// `NO_COLOR`.
    pub no_color: Option<String>,
    /// `CLICOLOR_FORCE`.
    pub clicolor_force: Option<String>,
    /// `CLICOLOR`.
    pub clicolor: Option<String>,
    /// `TERM`.
    pub term: Option<String>,
    /// `CI`.
    pub ci: Option<String>,
    /// `COLUMNS`.
    pub columns: Option<String>,
    /// Whether stdin is a terminal.
    pub stdin_is_terminal: bool,
    /// Whether stdout is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether stderr is a terminal.
    pub stderr_is_terminal: bool,
    /// Columns of the terminal, if there is one.
    pub terminal_columns: Option<u16>,
}

/// How output may look at one place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    /// Its colours.
    pub palette: Palette,
    /// Its width in columns.
    pub width: usize,
}

/// What a person at the terminal can be shown and asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Interaction {
    /// Whether a question can be asked and answered.
    pub may_ask: bool,
    /// Whether progress may be redrawn in place; otherwise plain lines.
    pub may_redraw: bool,
    /// Whether what goes to stdout is seen by the person who typed the command, and not
    /// kept in a file or a log.
    pub stdout_is_terminal: bool,
}

/// stdout for data, stderr for all else, each with its look.
pub struct Output {
    stdout: Box<dyn Write + Send>,
    stderr: Box<dyn Write + Send>,
    stdout_look: Look,
    stderr_look: Look,
    interaction: Interaction,
    lost: Lost,
}

/// stdout for a listener with a thread of its own.
#[derive(Clone, Debug)]
pub struct DataStream(Lost);

impl DataStream {
    /// Opens it. Where it cannot be written it falls silent, and [`Output::lost`] tells.
    pub fn open(&self) -> Box<dyn Write + Send> {
        Box::new(Forgiving::sharing(Box::new(io::stdout()), &self.0))
    }
}

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        let read = |name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        Self {
            no_color: read("NO_COLOR"),
            clicolor_force: read("CLICOLOR_FORCE"),
            clicolor: read("CLICOLOR"),
            term: read("TERM"),
            ci: read("CI"),
            columns: read("COLUMNS"),
            stdin_is_terminal: io::stdin().is_terminal(),
            stdout_is_terminal: io::stdout().is_terminal(),
            stderr_is_terminal: io::stderr().is_terminal(),
            terminal_columns: terminal_size::terminal_size().map(|(width, _)| width.0),
        }
    }

    /// Whether to colour what goes to a place that is, or is not, a terminal.
    ///
    /// A flag beats all; then `NO_COLOR` (<https://no-color.org>: set and not empty) beats
    /// `CLICOLOR_FORCE` (not empty and not `0`).
    fn colours(&self, choice: ColourChoice, is_terminal: bool) -> bool {
        let stated = |value: &Option<String>| value.as_deref().is_some_and(|v| !v.is_empty());
        let zero = |value: &Option<String>| value.as_deref() == Some("0");
        match choice {
            ColourChoice::Always => true,
            ColourChoice::Never => false,
            ColourChoice::Auto if stated(&self.no_color) => false,
            ColourChoice::Auto if stated(&self.clicolor_force) && !zero(&self.clicolor_force) => {
                true
            }
            ColourChoice::Auto => is_terminal && !self.is_dumb() && !zero(&self.clicolor),
        }
    }

    fn look(&self, choice: ColourChoice, is_terminal: bool) -> Look {
        let coloured = self.colours(choice, is_terminal);
        let palette = if coloured { Palette::COLOURED } else { Palette::PLAIN };
        let stated = self.columns.as_deref().and_then(|columns| columns.trim().parse().ok());
        let measured = self.terminal_columns.filter(|_| is_terminal).map(usize::from);
        let believed = |width: &usize| WIDTHS.contains(width);
        let width = stated.filter(believed).or(measured.filter(believed));
        Look { palette, width: width.unwrap_or(DEFAULT_WIDTH) }
    }

    fn interaction(&self) -> Interaction {
        let ci = self.ci.as_deref().is_some_and(|ci| !ci.is_empty());
        Interaction {
            may_ask: self.stdin_is_terminal && self.stderr_is_terminal && !ci,
            may_redraw: self.stderr_is_terminal && !self.is_dumb() && !ci,
            stdout_is_terminal: self.stdout_is_terminal && !ci,
        }
    }

    fn is_dumb(&self) -> bool {
        self.term.as_deref() == Some("dumb")
    }
}

impl Look {
    /// No colours, 100 columns: what files get.
    pub const PLAIN: Self = Self { palette: Palette::PLAIN, width: DEFAULT_WIDTH };
}

impl Output {
    /// The process's own stdout (buffered; see [`Output::flush`]) and stderr.
    pub fn of_process(choice: ColourChoice, environment: &Environment) -> Self {
        let stdout = io::BufWriter::new(io::stdout());
        Self::new(choice, environment, Box::new(stdout), Box::new(io::stderr()))
    }

    /// Other handles, looked at as the environment says.
    pub fn new(
        choice: ColourChoice,
        environment: &Environment,
        stdout: Box<dyn Write + Send>,
        stderr: Box<dyn Write + Send>,
    ) -> Self {
        Self {
            stdout,
            stderr,
            stdout_look: environment.look(choice, environment.stdout_is_terminal),
            stderr_look: environment.look(choice, environment.stderr_is_terminal),
            interaction: environment.interaction(),
            lost: Lost::default(),
        }
    }

    /// From here on a stream that is closed or full stops nothing; see [`Output::lost`].
    pub fn outlive_readers(&mut self) {
        let stdout = std::mem::replace(&mut self.stdout, Box::new(io::sink()));
        let (stdout, lost) = Forgiving::new(stdout);
        let stderr = std::mem::replace(&mut self.stderr, Box::new(io::sink()));
        let (stderr, _) = Forgiving::new(stderr);
        self.stdout = Box::new(stdout);
        self.stderr = Box::new(stderr);
        self.lost = lost;
    }

    /// Why stdout fell silent, if it did since [`Output::outlive_readers`].
    pub fn lost(&self) -> Option<io::ErrorKind> {
        self.lost.why()
    }

    /// Where a listener writes data, after [`Output::outlive_readers`].
    pub fn data_stream(&self) -> DataStream {
        DataStream(self.lost.clone())
    }

    /// Where data goes, and how it may look.
    pub fn data(&mut self) -> (&mut dyn Write, Look) {
        (&mut *self.stdout, self.stdout_look)
    }

    /// Where all else goes, and how it may look.
    pub fn messages(&mut self) -> (&mut dyn Write, Look) {
        (&mut *self.stderr, self.stderr_look)
    }

    /// How stderr may look, for listeners that write there on their own.
    pub fn messages_look(&self) -> Look {
        self.stderr_look
    }

    /// What a person can be shown and asked.
    pub fn interaction(&self) -> Interaction {
        self.interaction
    }

    /// Writes out what is buffered, stdout first.
    pub fn flush(&mut self) -> io::Result<()> {
        self.stdout.flush()?;
        self.stderr.flush()
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("stdout_look", &self.stdout_look)
            .field("stderr_look", &self.stderr_look)
            .field("interaction", &self.interaction)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal() -> Environment {
        Environment {
            term: Some("xterm-256color".to_owned()),
            stdin_is_terminal: true,
            stdout_is_terminal: true,
            stderr_is_terminal: true,
            terminal_columns: Some(132),
            ..Environment::default()
        }
    }

    fn with(name: &str, value: &str, mut environment: Environment) -> Environment {
        let slot = match name {
            "NO_COLOR" => &mut environment.no_color,
            "CLICOLOR_FORCE" => &mut environment.clicolor_force,
            "CLICOLOR" => &mut environment.clicolor,
            "TERM" => &mut environment.term,
            "CI" => &mut environment.ci,
            "COLUMNS" => &mut environment.columns,
            _ => panic!("no such variable"),
        };
        *slot = Some(value.to_owned());
        environment
    }

    fn colours(environment: &Environment) -> bool {
        environment.look(ColourChoice::Auto, environment.stdout_is_terminal).palette.is_coloured()
    }

    #[test]
    fn a_terminal_has_colours_unless_it_or_its_user_says_no() {
        assert!(colours(&terminal()));
        assert!(!colours(&Environment::default()), "a pipe");
        assert!(!colours(&with("NO_COLOR", "1", terminal())));
        assert!(colours(&with("NO_COLOR", "", terminal())), "empty counts as unset");
        assert!(!colours(&with("TERM", "dumb", terminal())));
        assert!(!colours(&with("CLICOLOR", "0", terminal())));
        let forced = with("CLICOLOR_FORCE", "1", Environment::default());
        assert!(colours(&forced));
        assert!(!colours(&with("NO_COLOR", "1", forced)), "NO_COLOR beats CLICOLOR_FORCE");
        assert!(!colours(&with("CLICOLOR_FORCE", "0", Environment::default())));
    }

    #[test]
    fn the_flag_beats_the_environment() {
        let no_color = with("NO_COLOR", "1", Environment::default());
        assert!(no_color.look(ColourChoice::Always, false).palette.is_coloured());
        assert!(!terminal().look(ColourChoice::Never, true).palette.is_coloured());
    }

    #[test]
    fn the_width_is_stated_or_measured_or_a_hundred() {
        let width = |environment: &Environment, is_terminal| {
            environment.look(ColourChoice::Auto, is_terminal).width
        };
        assert_eq!(width(&terminal(), true), 132);
        assert_eq!(width(&terminal(), false), 100);
        assert_eq!(width(&with("COLUMNS", "80", terminal()), true), 80);
        assert_eq!(width(&with("COLUMNS", "3", terminal()), true), 132, "not believed");
        assert_eq!(width(&with("COLUMNS", "wide", Environment::default()), false), 100);
    }

    #[test]
    fn nobody_is_asked_without_a_terminal_or_in_ci() {
        let can = |environment: &Environment| {
            let Interaction { may_ask, may_redraw, .. } = environment.interaction();
            (may_ask, may_redraw)
        };
        assert_eq!(can(&terminal()), (true, true));
        assert_eq!(can(&with("CI", "true", terminal())), (false, false));
        assert_eq!(can(&with("CI", "", terminal())), (true, true));
        assert_eq!(can(&with("TERM", "dumb", terminal())), (true, false));
        let piped = Environment { stdin_is_terminal: false, ..terminal() };
        assert_eq!(can(&piped), (false, true));
    }
}
