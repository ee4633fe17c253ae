//! The markets of Meta's rate card and the calling codes that belong to them.
//!
//! From Meta's pricing page for the WhatsApp Business Platform, section on country calling
//! codes, as of September 2026, and its card of 1 October 2026. Some countries got a row of
//! their own only lately: in an older card they belong to their region.

/// A market that Meta's card has a row for.
#[derive(Debug)]
pub(super) struct KnownMarket {
    /// The name in the card, in lower case with only letters and single spaces.
    pub(super) name: &'static str,
    /// Digits that numbers of this market begin with.
    pub(super) prefixes: &'static [&'static str],
    /// The market they belong to in a card without a row for this one.
    pub(super) region: Option<&'static str>,
}

const AFRICA: Option<&str> = Some("rest of africa");
const ASIA: Option<&str> = Some("rest of asia pacific");
const EAST_EUROPE: Option<&str> = Some("rest of central and eastern europe");
const WEST_EUROPE: Option<&str> = Some("rest of western europe");
const LATIN_AMERICA: Option<&str> = Some("rest of latin america");
const MIDDLE_EAST: Option<&str> = Some("rest of middle east");

const fn own(name: &'static str, prefixes: &'static [&'static str]) -> KnownMarket {
    KnownMarket { name, prefixes, region: None }
}

const fn within(
    name: &'static str,
    prefixes: &'static [&'static str],
    region: Option<&'static str>,
) -> KnownMarket {
    KnownMarket { name, prefixes, region }
}

/// The market of everybody without another.
pub(super) const OTHER: &str = "other";

pub(super) const MARKETS: &[KnownMarket] = &[
    within("argentina", &["54"], LATIN_AMERICA),
    within("bangladesh", &["880"], ASIA),
    within("brazil", &["55"], LATIN_AMERICA),
    within("chile", &["56"], LATIN_AMERICA),
    within("colombia", &["57"], LATIN_AMERICA),
    within("egypt", &["20"], AFRICA),
    within("france", &["33"], WEST_EUROPE),
    within("germany", &["49"], WEST_EUROPE),
    within("hong kong", &["852"], ASIA),
    within("hungary", &["36"], EAST_EUROPE),
    within("india", &["91"], ASIA),
    within("indonesia", &["62"], ASIA),
    within("iraq", &["964"], MIDDLE_EAST),
    within("israel", &["972"], MIDDLE_EAST),
    within("italy", &["39"], WEST_EUROPE),
    within("kazakhstan", &["76", "77"], ASIA),
    within("kuwait", &["965"], MIDDLE_EAST),
    within("malaysia", &["60"], ASIA),
    within("mexico", &["52"], LATIN_AMERICA),
    within("morocco", &["212"], AFRICA),
    within("nepal", &["977"], ASIA),
    within("netherlands", &["31"], WEST_EUROPE),
    within("nigeria", &["234"], AFRICA),
    within("oman", &["968"], MIDDLE_EAST),
    within("pakistan", &["92"], ASIA),
    within("peru", &["51"], LATIN_AMERICA),
    within("poland", &["48"], EAST_EUROPE),
    within("qatar", &["974"], MIDDLE_EAST),
    within("romania", &["40"], EAST_EUROPE),
    within("russia", &["7"], EAST_EUROPE),
    within("saudi arabia", &["966"], MIDDLE_EAST),
    within("singapore", &["65"], ASIA),
    within("south africa", &["27"], AFRICA),
    within("spain", &["34"], WEST_EUROPE),
    within("sri lanka", &["94"], ASIA),
    within("turkey", &["90"], MIDDLE_EAST),
    within("ukraine", &["380"], EAST_EUROPE),
    within("united arab emirates", &["971"], MIDDLE_EAST),
    within("united kingdom", &["44"], WEST_EUROPE),
    own("north america", &["1"]),
    own(
        "rest of africa",
        &[
            "211", "213", "216", "218", "220", "221", "222", "223", "225", "226", "227", "228",
            "229", "231", "232", "233", "235", "237", "241", "242", "244", "245", "249", "250",
            "251", "252", "254", "255", "256", "257", "258", "260", "261", "263", "264", "265",
            "266", "267", "268", "291",
        ],
    ),
    own(
        "rest of asia pacific",
        &[
            "61", "63", "64", "66", "81", "84", "86", "93", "675", "855", "856", "886", "976",
            "992", "993", "998",
        ],
    ),
    own(
        "rest of central and eastern europe",
        &[
            "30", "355", "359", "370", "371", "373", "374", "375", "381", "385", "386", "389",
            "420", "421", "994", "995",
        ],
    ),
    own("rest of western europe", &["32", "41", "43", "45", "46", "47", "351", "353", "358"]),
    own(
        "rest of latin america",
        &[
            "58", "502", "503", "504", "505", "506", "507", "509", "591", "593", "595", "598",
            "1809", "1829", "1849", "1658", "1876", "1787", "1939",
        ],
    ),
    own("rest of middle east", &["961", "962", "967", "973"]),
    // No region of its own: islands under +1 that the page does not list are "other".
    own(
        OTHER,
        &[
            "1242", "1246", "1264", "1268", "1284", "1345", "1441", "1473", "1649", "1664", "1721",
            "1758", "1767", "1784", "1868", "1869",
        ],
    ),
];

/// Other spellings of those names.
const ALIASES: &[(&str, &str)] = &[
    ("rest of c and e europe", "rest of central and eastern europe"),
    ("rest of cee", "rest of central and eastern europe"),
    ("turkiye", "turkey"),
    ("türkiye", "turkey"),
    ("uae", "united arab emirates"),
    ("uk", "united kingdom"),
    ("the netherlands", "netherlands"),
    ("rest of apac", "rest of asia pacific"),
    ("rest of latam", "rest of latin america"),
];

/// The market that a card's row is about.
pub(super) fn find(written: &str) -> Option<&'static KnownMarket> {
    let plain = normal(written);
    let name = ALIASES.iter().find(|(alias, _)| *alias == plain).map_or(&*plain, |(_, name)| name);
    MARKETS.iter().find(|market| market.name == name)
}

/// Lower case, `&` as `and`, everything else but letters as one space.
fn normal(written: &str) -> String {
    let spelled = written.to_lowercase().replace('&', " and ");
    let words: Vec<_> =
        spelled.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_calling_code_belongs_to_one_market() {
        let mut seen = HashSet::new();
        for market in MARKETS {
            assert_eq!(normal(market.name), market.name);
            for prefix in market.prefixes {
                assert!(seen.insert(prefix), "{prefix} twice");
            }
            assert!(market.region.is_none_or(|region| find(region).is_some()));
        }
        assert_eq!(MARKETS.len(), 47, "rows of the card of 1 October 2026");
    }

    #[test]
    fn names_are_found_however_they_are_spelled() {
        for written in ["Rest of C&E Europe", "Rest of Central & Eastern Europe", "rest of  CEE"] {
            assert_eq!(find(written).map(|m| m.name), EAST_EUROPE, "{written}");
        }
        assert_eq!(find("UAE").map(|m| m.prefixes), Some(&["971"][..]));
        assert!(find("Atlantis").is_none());
    }
}
