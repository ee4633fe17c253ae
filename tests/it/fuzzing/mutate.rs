//! Valid inputs, damaged the way people, editors, networks and attackers do.

/// Small numbers from a seed, the same on every machine (`SplitMix64`).
#[derive(Clone, Debug)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % limit.max(1) as u64).expect("below a usize")
    }
}

/// The longest input made.
const LONGEST: usize = 256 * 1024;

/// What stands in inputs where it does harm.
const WORDS: [&str; 64] = [
    "\0",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\"",
    "'",
    "\\",
    "\u{feff}",
    "\u{202e}",
    "\u{1b}[2J",
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "&a ",
    "*a",
    "!!",
    "<<: ",
    "---\n",
    "...\n",
    "|\n",
    ">-\n",
    "? ",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    "#",
    "%",
    "null",
    "true",
    "NaN",
    "1e999",
    "-0",
    "0x1F",
    "+",
    "+91",
    "00",
    "9.19877E+11",
    "\u{ff0b}",
    "\u{0661}",
    "\"\"",
    "\\u0000",
    "\\ud800",
    "{}",
    "[]",
    "\"data\":[]",
    "\"message_id\"",
    "\"recipient\"",
    "RBC201",
    "429",
    "code(9)",
    "range(",
    "|upper",
    "~",
    " * ",
    "phone",
    "\u{1f600}",
];

/// An input made from those there are.
pub(super) fn mutated(corpus: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = corpus[dice.below(corpus.len())].clone();
    for _ in 0..=dice.below(5) {
        mutate(&mut bytes, corpus, dice);
    }
    bytes.truncate(LONGEST);
    bytes
}

fn mutate(bytes: &mut Vec<u8>, corpus: &[Vec<u8>], dice: &mut Dice) {
    let at = dice.below(bytes.len() + 1);
    let end = (at + 1 + dice.below(40)).min(bytes.len());
    let range = at.min(end)..end;
    match dice.below(11) {
        0 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
        1 if at < bytes.len() => bytes[at] = u8::try_from(dice.below(256)).expect("a byte"),
        2 => drop(bytes.drain(range)),
        3 => bytes.truncate(at),
        4 => {
            // Something again, a few times or very often.
            let again = bytes[range].to_vec();
            let times = if dice.below(8) == 0 { 2_000 } else { 1 + dice.below(4) };
            bytes.splice(at..at, again.repeat(times));
        }
        5 => {
            let other = &corpus[dice.below(corpus.len())];
            let from = dice.below(other.len() + 1);
            let to = (from + dice.below(200)).min(other.len());
            bytes.splice(range, other[from..to].iter().copied());
        }
        6 => swap_lines(bytes, dice),
        7 => {
            // A number becomes another one.
            let digits = bytes.iter().enumerate().skip(at).find(|(_, byte)| byte.is_ascii_digit());
            if let Some((place, _)) = digits {
                bytes[place] = b'0' + u8::try_from(dice.below(10)).expect("a digit");
            }
        }
        _ => {
            let word = WORDS[dice.below(WORDS.len())].as_bytes();
            let range = if dice.below(2) == 0 { at..at } else { range };
            bytes.splice(range, word.iter().copied());
        }
    }
}

fn swap_lines(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let mut lines: Vec<Vec<u8>> =
        bytes.split_inclusive(|&b| b == b'\n').map(<[u8]>::to_vec).collect();
    if lines.len() > 1 {
        let (one, other) = (dice.below(lines.len()), dice.below(lines.len()));
        lines.swap(one, other);
        *bytes = lines.concat();
    }
}
