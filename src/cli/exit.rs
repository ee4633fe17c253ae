//! Exit codes: a contract with pipelines.

/// How the program ends. When several apply, the earlier in this order of severity wins:
/// 1, then 130/143, 8, 7, 5, 0. Codes 3, 4, 6, 64 and 65 guarantee that nothing was sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Exit {
    /// 0: settled, or nothing to do. Rejections within `limits.failures` count as settled.
    Done,
    /// 1: an error, or a key that is needed is missing.
    Error,
    /// 2: `plan --detailed-exitcode` and there is something to send.
    Changes,
    /// 3: the plan is stale, expired, superseded, or the id or key does not match.
    Stale,
    /// 4: refused by a limit, a guard, a missing approval, or not yet started.
    Refused,
    /// 5: stopped with people still pending.
    Pending,
    /// 6: the ledger or its lock is not available.
    Ledger,
    /// 7: this run left at least one outcome unknown.
    Unknown,
    /// 8: halted: credentials, balance, template, breaker, failure share, or the ledger
    /// failed after the first send.
    Halted,
    /// 64: wrong usage.
    Usage,
    /// 65: an invalid campaign, audience or exclude list.
    Invalid,
    /// 130: stopped by SIGINT after a drain.
    Interrupted,
    /// 143: stopped by SIGTERM after a drain.
    Terminated,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Error => 1,
            Self::Changes => 2,
            Self::Stale => 3,
            Self::Refused => 4,
            Self::Pending => 5,
            Self::Ledger => 6,
            Self::Unknown => 7,
            Self::Halted => 8,
            Self::Usage => 64,
            Self::Invalid => 65,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// The one that counts when two campaigns of one invocation end differently.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        if other.rank() > self.rank() { other } else { self }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Changes => 1,
            Self::Pending => 2,
            Self::Unknown => 3,
            Self::Halted => 4,
            Self::Interrupted | Self::Terminated => 5,
            Self::Refused => 6,
            Self::Stale => 7,
            Self::Ledger => 8,
            Self::Invalid => 9,
            Self::Usage => 10,
            Self::Error => 11,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}
