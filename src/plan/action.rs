//! What a plan decides for one person of the audience.

/// The decision for one person. `Display` forms live in `view`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Action {
    /// `+`: gets the message.
    Send,
    /// `=`: accepted earlier with the same content.
    Same,
    /// `!`: accepted earlier with content that differs from today's.
    Differs,
    /// `·`: left out.
    Skip(SkipReason),
    /// `?`: a person has to decide first.
    Hold(HoldReason),
}

/// Why the ledger's memory leaves a person out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum SkipReason {
    /// Kaleyra refused this person in this campaign before.
    RejectedBefore,
    /// The plan consumed last left this person out, because the offer was over.
    LeftOutBefore,
    /// Somebody settled that this person's message was not sent; the plan that tried it goes
    /// on without them, and the next one sends to them.
    SettledUnsent,
    /// The ledger was told to forget this person.
    Forgotten,
}

/// Why a person is held.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum HoldReason {
    /// The outcome of an earlier attempt cannot be known.
    Unknown,
    /// An apply has the message on the wire just now, or died while it had.
    Attempting,
}

impl Action {
    /// Whether this plan may send to the person: at once, or once it turns out to be a new
    /// plan, which asks the people anew whom the last one left out.
    pub fn may_send(self) -> bool {
        match self {
            Self::Send | Self::Skip(SkipReason::LeftOutBefore | SkipReason::SettledUnsent) => true,
            Self::Skip(SkipReason::RejectedBefore | SkipReason::Forgotten)
            | Self::Same
            | Self::Differs
            | Self::Hold(_) => false,
        }
    }

    /// The sign in front of the line.
    pub fn sign(self) -> char {
        match self {
            Self::Send => '+',
            Self::Same => '=',
            Self::Differs => '!',
            Self::Skip(_) => '·',
            Self::Hold(_) => '?',
        }
    }
}
