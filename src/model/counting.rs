//! Counts in words, spelled the same everywhere.

/// `1,234,567`.
pub fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A figure that comes as text: a count gets its commas, all else (`2.5%`) stays.
pub fn figure(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), number)
}

/// `1 error`, `2,000 errors`.
pub fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

/// `1 person`, `2,000 people`.
pub fn people(count: u64) -> String {
    plural(count, "person", "people")
}
