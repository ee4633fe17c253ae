//! What Kaleyra's reports tell of a message after it was accepted.

use std::fmt;

/// How far an accepted message came, as a report told later. Ordered by weight: reports come
/// late, twice and in any order, and a later state outweighs an earlier one whenever it is
/// learnt. A failure outweighs `sent` (the send was tried first), and is outweighed by the
/// phone's own word that the message is there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Receipt {
    /// Meta took it.
    Sent,
    /// It did not arrive: Meta or the phone refused it, or Kaleyra never handed it on.
    Failed,
    /// It is on the phone.
    Delivered,
    /// It was opened.
    Read,
}

impl Receipt {
    /// All, by weight.
    pub const ALL: [Self; 4] = [Self::Sent, Self::Failed, Self::Delivered, Self::Read];

    /// The word in the ledger and in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Read => "read",
        }
    }

    /// Reads the ledger's word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|receipt| receipt.as_str() == word)
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
