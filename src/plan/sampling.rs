//! A few of the people a plan sends to, for the reviewer to read.

use std::collections::BinaryHeap;

use crate::model::{ContentHash, PhoneNumber};

/// One person of a plan as a reviewer reads it: everything masked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sample {
    /// Who; `Display` is masked.
    pub number: PhoneNumber,
    /// `file:line` of the row.
    pub place: String,
    /// The message.
    pub message: SampleMessage,
    /// The same in full, for a person who asked for it on their own terminal.
    pub revealed: Option<SampleMessage>,
}

/// A message as a person will read it, with values from the audience masked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SampleMessage {
    /// The body's variables, masked.
    pub params: Vec<String>,
    /// The coupon code, masked.
    pub code: String,
    /// The URL button's variable end, masked.
    pub url_suffix: Option<String>,
    /// The header's link, masked.
    pub header_url: Option<String>,
}

/// Picks the same few people in whatever order they come: the ones with the smallest mix
/// of number and content. Memory is bounded by the number asked for.
#[derive(Debug)]
pub(super) struct Sampler {
    wanted: usize,
    kept: BinaryHeap<Kept>,
}

#[derive(Debug, PartialEq, Eq)]
struct Kept {
    rank: u64,
    sample: Sample,
}

impl Ord for Kept {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank.cmp(&other.rank).then(self.sample.number.cmp(&other.sample.number))
    }
}

impl PartialOrd for Kept {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Sampler {
    pub(super) fn new(wanted: usize) -> Self {
        Self { wanted, kept: BinaryHeap::with_capacity(wanted + 1) }
    }

    /// Whether this person would be kept, so that nothing is rendered in vain.
    pub(super) fn wants(&self, number: PhoneNumber, content: ContentHash) -> bool {
        let full = self.kept.len() >= self.wanted;
        self.wanted > 0
            && (!full || self.kept.peek().is_some_and(|worst| rank(number, content) < worst.rank))
    }

    pub(super) fn keep(&mut self, content: ContentHash, sample: Sample) {
        self.kept.push(Kept { rank: rank(sample.number, content), sample });
        if self.kept.len() > self.wanted {
            self.kept.pop();
        }
    }

    /// The samples of people who turned out to be sent to.
    pub(super) fn finish(self, is_sent_to: impl Fn(PhoneNumber) -> bool) -> Vec<Sample> {
        let samples = self.kept.into_sorted_vec().into_iter().map(|kept| kept.sample);
        samples.filter(|sample| is_sent_to(sample.number)).collect()
    }
}

/// A well-spread number that does not depend on the order of rows (the mixing steps of
/// splitmix64).
fn rank(number: PhoneNumber, content: ContentHash) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&content.as_bytes()[..8]);
    let mut mixed = u64::from_be_bytes(bytes) ^ number.as_u64();
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
