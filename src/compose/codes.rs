//! No two people hold one code.
//!
//! People choose in ascending order of their numbers; each takes the first counter 0, 1,
//! 2, … whose code nobody with a lower number holds and the ledger does not know. That is
//! one result, whatever order people are added and redrawn in: whoever is redrawn may take
//! a code from somebody with a higher number, who is then redrawn in turn (deferred
//! acceptance: all codes prefer lower numbers, so there is one stable outcome).
//!
//! 16 bytes a person, and 8 for each code that somebody else holds; only those whose codes
//! collide, usually nobody, cost more.

use std::collections::{BTreeSet, HashMap};

use crate::model::PhoneNumber;

use super::fault::RowFault;

/// The most counters that are tried for one person.
const MAX_DRAWS: u32 = 1_000;
/// The most counters that are tried to find the code that the ledger already knows.
const MAX_SEARCH: u32 = 32;
/// Below this many guesses for one hit, a plan warns.
const FEW_GUESSES: u128 = 1_000_000;

/// Who holds which code of one campaign, by digests (see [`CouponCode::digest`](crate::model::CouponCode::digest)).
///
/// First [`CodeBook::know`] and [`CodeBook::take`] what the ledger knows and
/// [`CodeBook::add`] everybody; then
/// [`CodeBook::redraw`] each of [`CodeBook::collisions`] until there are none.
#[derive(Debug)]
pub struct CodeBook {
    space: Option<u128>,
    /// What the ledger knows of people who may be added: number and digest; sorted once
    /// settled.
    known: Vec<(u64, u64)>,
    /// The digests of all codes that the ledger knows; sorted, each once, once settled.
    taken: Vec<u64>,
    /// Everybody added, with the digest of their code at counter 0; sorted by digest, then
    /// number, once settled.
    people: Vec<(u64, u64)>,
    settled: bool,
    /// Codes that changed hands: digest to number.
    held: HashMap<u64, u64>,
    /// People who are not at counter 0.
    redrawn: HashMap<u64, Drawn>,
    /// People without a code.
    waiting: BTreeSet<u64>,
    replaced: u64,
}

/// How far the drawing for one person has come.
#[derive(Clone, Copy, Debug)]
struct Drawn {
    counter: u32,
    /// Whether the next draw is the one after `counter`; false while the ledger's code is
    /// still to be found.
    searched: bool,
}

/// What became of one redraw.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Redraw {
    /// The person has a code of their own now.
    Settled {
        /// At this counter.
        counter: u32,
    },
    /// The same, and somebody with a higher number lost it and waits in
    /// [`CodeBook::collisions`].
    Displaced {
        /// At this counter.
        counter: u32,
        /// Who lost it.
        loser: PhoneNumber,
    },
}

/// Why people do not get codes of their own.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CodeBookError {
    /// Two people in a space this small are guessed or run out.
    #[error("the code space is too small: {space} codes for {people} people")]
    SpaceTooSmall {
        /// Equally likely codes.
        space: u128,
        /// People who need one.
        people: u64,
    },
    /// No free code in many draws.
    #[error("the code space is too small: no free code for {number} in {MAX_DRAWS} draws")]
    NoFreeCode {
        /// Who got none.
        number: PhoneNumber,
    },
    /// Nothing is drawn, so nothing can be redrawn.
    #[error(
        "{people} people would get a code that somebody else has, and the pattern draws no other"
    )]
    Repeated {
        /// How many beyond the first of each code.
        people: u64,
    },
    /// A code could not be rendered.
    #[error(transparent)]
    Row(#[from] RowFault),
}

/// How unique and how hard to guess the codes are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodeReport {
    /// People with a code of their own.
    pub unique: u64,
    /// Those among them who did not get their first draw.
    pub redrawn: u64,
    /// Those whose code in the ledger the present pattern and key no longer give.
    pub replaced: u64,
    /// Equally likely codes, when codes are drawn.
    pub space: Option<u128>,
    /// One guess in this many hits a code that somebody holds.
    pub guesses_per_hit: Option<u128>,
}

impl CodeReport {
    /// Whether codes can be guessed: more than one guess in a million hits.
    pub fn is_guessable(&self) -> bool {
        self.guesses_per_hit.is_some_and(|guesses| guesses < FEW_GUESSES)
    }
}

impl CodeBook {
    /// An empty book for codes of a space (see [`Composer::code_space`]).
    ///
    /// [`Composer::code_space`]: super::Composer::code_space
    pub fn new(space: Option<u128>) -> Self {
        Self {
            space,
            known: Vec::new(),
            taken: Vec::new(),
            people: Vec::new(),
            settled: false,
            held: HashMap::new(),
            redrawn: HashMap::new(),
            waiting: BTreeSet::new(),
            replaced: 0,
        }
    }

    /// A code that the ledger knows (planned, sent or issued): it stays this person's, and
    /// nobody else gets it. To be called for all of them before the first
    /// [`CodeBook::collisions`].
    pub fn know(&mut self, number: PhoneNumber, digest: u64) {
        debug_assert!(!self.settled, "all is known before collisions are asked for");
        self.known.push((number.as_u64(), digest));
        self.taken.push(digest);
    }

    /// A code of somebody who will not be added: nobody else gets it. To be called before the
    /// first [`CodeBook::collisions`].
    pub fn take(&mut self, digest: u64) {
        debug_assert!(!self.settled, "all is taken before collisions are asked for");
        self.taken.push(digest);
    }

    /// A person to be sent to, once, with the digest of their code at counter 0.
    pub fn add(&mut self, number: PhoneNumber, digest_at_0: u64) {
        debug_assert!(!self.settled, "everybody is added before collisions are asked for");
        self.people.push((digest_at_0, number.as_u64()));
    }

    /// The people who must be redrawn, in ascending order; nobody means that all is done.
    pub fn collisions(&mut self) -> Result<Vec<PhoneNumber>, CodeBookError> {
        self.settle()?;
        if self.space.is_none() && !self.waiting.is_empty() {
            return Err(CodeBookError::Repeated { people: self.waiting.len() as u64 });
        }
        Ok(self.waiting.iter().copied().map(number).collect())
    }

    /// Finds a code for a person out of [`CodeBook::collisions`]; `draw` gives the digest of
    /// their code at a counter.
    pub fn redraw(
        &mut self,
        person: PhoneNumber,
        draw: &mut dyn FnMut(u32) -> Result<u64, RowFault>,
    ) -> Result<Redraw, CodeBookError> {
        let me = person.as_u64();
        let mut drawn =
            self.redrawn.get(&me).copied().unwrap_or(Drawn { counter: 0, searched: true });
        if !drawn.searched {
            if let Some(counter) = self.search(me, draw)? {
                self.give(me, counter);
                return Ok(Redraw::Settled { counter });
            }
            self.replaced += 1;
            drawn = Drawn { counter: 0, searched: true };
            if let Some(done) = self.propose(me, 0, draw(0)?) {
                return Ok(done);
            }
        }
        while drawn.counter + 1 < MAX_DRAWS {
            drawn.counter += 1;
            if let Some(done) = self.propose(me, drawn.counter, draw(drawn.counter)?) {
                return Ok(done);
            }
        }
        Err(CodeBookError::NoFreeCode { number: person })
    }

    /// The counter of a person's code.
    pub fn counter_for(&self, person: PhoneNumber) -> u32 {
        self.redrawn.get(&person.as_u64()).map_or(0, |drawn| drawn.counter)
    }

    /// How it came out.
    pub fn report(&self) -> CodeReport {
        let people = self.people.len() as u64;
        let not_first = |drawn: &&Drawn| drawn.counter > 0;
        let settled = people - self.waiting.len() as u64;
        let is_known = |person: u64| self.known_code(person).is_some();
        let kept = self.people.iter().filter(|(_, number)| is_known(*number)).count();
        let issued = u128::from(settled) + (self.taken.len() - kept.min(self.taken.len())) as u128;
        CodeReport {
            unique: people - self.waiting.len() as u64,
            redrawn: self.redrawn.values().filter(not_first).count() as u64,
            replaced: self.replaced,
            space: self.space,
            guesses_per_hit: self.space.map(|space| space / issued.max(1)),
        }
    }

    /// Sorts once and finds who cannot stay at counter 0.
    fn settle(&mut self) -> Result<(), CodeBookError> {
        if self.settled {
            return Ok(());
        }
        self.settled = true;
        let people = self.people.len() as u64;
        if let Some(space) = self.space
            && space < 2 * u128::from(people)
            && people > 1
        {
            return Err(CodeBookError::SpaceTooSmall { space, people });
        }
        self.people.sort_unstable();
        self.taken.sort_unstable();
        self.taken.dedup();
        // What was said last of a person counts.
        self.known.sort_by_key(|(person, _)| *person);
        self.known.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                kept.1 = later.1;
            }
            same
        });
        let mut free: Option<u64> = None;
        let mut taken = self.taken.iter().copied().peekable();
        for &(digest, person) in &self.people {
            // Both lists ascend: one walk along them instead of a search for everybody.
            while taken.next_if(|earlier| *earlier < digest).is_some() {}
            match known_code(&self.known, person) {
                Some(known) if known == digest => continue,
                Some(_) => {
                    self.redrawn.insert(person, Drawn { counter: 0, searched: false });
                    self.waiting.insert(person);
                    continue;
                }
                None => {}
            }
            if free == Some(digest) || taken.peek() == Some(&digest) {
                self.waiting.insert(person);
            } else {
                free = Some(digest);
            }
        }
        Ok(())
    }

    /// The counter at which a person's code is the one the ledger knows.
    fn search(
        &self,
        me: u64,
        draw: &mut dyn FnMut(u32) -> Result<u64, RowFault>,
    ) -> Result<Option<u32>, RowFault> {
        let Some(wanted) = self.known_code(me) else { return Ok(None) };
        for counter in 1..MAX_SEARCH {
            if draw(counter)? == wanted {
                return Ok(Some(counter));
            }
        }
        Ok(None)
    }

    /// Gives a person a code unless somebody with a better right has it.
    fn propose(&mut self, me: u64, counter: u32, digest: u64) -> Option<Redraw> {
        if self.taken.binary_search(&digest).is_ok() {
            return None;
        }
        let holder = self.held.get(&digest).copied().or_else(|| self.first_holder(digest));
        match holder {
            Some(holder) if holder < me => None,
            Some(holder) if holder > me => {
                self.held.insert(digest, me);
                self.give(me, counter);
                self.waiting.insert(holder);
                Some(Redraw::Displaced { counter, loser: number(holder) })
            }
            _ => {
                self.held.insert(digest, me);
                self.give(me, counter);
                Some(Redraw::Settled { counter })
            }
        }
    }

    /// The digest of the code that the ledger knows as this person's.
    fn known_code(&self, person: u64) -> Option<u64> {
        known_code(&self.known, person)
    }

    fn give(&mut self, me: u64, counter: u32) {
        self.redrawn.insert(me, Drawn { counter, searched: true });
        self.waiting.remove(&me);
    }

    /// Who got a code at counter 0 when all was settled: the lowest number of its group
    /// that the ledger does not know.
    fn first_holder(&self, digest: u64) -> Option<u64> {
        let start = self.people.partition_point(|&(other, _)| other < digest);
        self.people[start..]
            .iter()
            .take_while(|&&(other, _)| other == digest)
            .map(|&(_, person)| person)
            .find(|person| self.known_code(*person).is_none())
    }
}

fn known_code(known: &[(u64, u64)], person: u64) -> Option<u64> {
    let at = known.binary_search_by_key(&person, |(person, _)| *person).ok()?;
    Some(known[at].1)
}

fn number(digits: u64) -> PhoneNumber {
    PhoneNumber::from_digits(digits).expect("it was taken from a telephone number")
}

#[cfg(test)]
mod tests;
