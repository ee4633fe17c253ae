//! The fenced blocks of a Markdown page.

/// One fenced block.
#[derive(Debug)]
pub(super) struct Block {
    /// The language, such as `sh`.
    pub(super) language: String,
    /// What stands after it, such as `no-run: why` or `file=campaigns/summer.yaml`.
    pub(super) note: String,
    /// What is inside, each line with its end.
    pub(super) text: String,
    /// The line of its fence.
    pub(super) line: usize,
}

/// All fenced blocks, in order.
pub(super) fn of(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (line, text) in (1..).zip(page.lines()) {
        let fence = text.strip_prefix("```");
        match (&mut open, fence) {
            (None, Some(info)) => {
                let (language, note) = info.split_once(' ').unwrap_or((info, ""));
                let (language, note) = (language.to_owned(), note.trim().to_owned());
                open = Some(Block { language, note, text: String::new(), line });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(text);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    blocks
}
