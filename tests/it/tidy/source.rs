//! The crate's source files, and which of their parts are the product.

use std::collections::HashSet;
use std::fs;
use std::sync::LazyLock;

use super::lexer::code_only;
use super::{files_below, root};

/// One file below `src`.
pub(super) struct SourceFile {
    /// From the root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
    /// Its module's path in the crate; empty for `lib.rs` and `main.rs`.
    pub(super) module: Vec<String>,
    /// The code without comments and strings; of a file for tests only, nothing.
    pub(super) product: String,
}

impl SourceFile {
    /// The crate's module that the file belongs to, such as `plan`; empty for the crate's root.
    pub(super) fn layer(&self) -> &str {
        self.module.first().map_or("", String::as_str)
    }

    /// Whether the file belongs to the module with this path or to one below it.
    pub(super) fn is_in(&self, module: &str) -> bool {
        let wanted: Vec<_> = module.split("::").collect();
        self.module.len() >= wanted.len() && wanted.iter().zip(&self.module).all(|(a, b)| a == b)
    }
}

/// All files below `src`, in path order; read once for all rules.
pub(super) fn library() -> &'static [SourceFile] {
    static FILES: LazyLock<Vec<SourceFile>> = LazyLock::new(read);
    &FILES
}

fn read() -> Vec<SourceFile> {
    let mut test_modules = HashSet::new();
    let mut files = Vec::new();
    for path in files_below("src").iter().filter(|path| path.extension().is_some_and(|e| e == "rs"))
    {
        let text = fs::read_to_string(root().join(path)).expect("a source file is UTF-8");
        let path = path.to_string_lossy().replace('\\', "/");
        let module = module_of(&path);
        let (product, tests) = without_tests(&code_only(&text));
        test_modules.extend(tests.into_iter().map(|name| {
            let mut path = module.clone();
            path.push(name);
            path
        }));
        files.push(SourceFile { path, text, module, product });
    }
    for file in &mut files {
        let is_test = |length| test_modules.contains(&file.module[..length]);
        if (1..=file.module.len()).any(is_test) {
            file.product.clear();
        }
    }
    files
}

/// `src/plan/mod.rs` and `src/plan.rs` are `plan`, `src/plan/action.rs` is `plan::action`.
fn module_of(path: &str) -> Vec<String> {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    let mut module: Vec<_> = inner.split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|name| name == "mod") || matches!(inner, "lib" | "main") {
        module.pop();
    }
    module
}

/// Code without the items that are compiled for tests only, and the names of the modules
/// among them that are files of their own.
fn without_tests(code: &str) -> (String, Vec<String>) {
    let mut product = String::with_capacity(code.len());
    let mut modules = Vec::new();
    let mut rest = code;
    while let Some(start) = rest.find("#[cfg(") {
        let (before, attribute) = rest.split_at(start);
        product.push_str(before);
        let inner = attribute.split(']').next().unwrap_or_default();
        if !inner.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "test") {
            product.push_str("#[cfg(");
            rest = &attribute["#[cfg(".len()..];
            continue;
        }
        let item = &attribute[..item_length(attribute)];
        product.extend(item.chars().filter(|c| *c == '\n'));
        if item.trim_end().ends_with(';')
            && let Some((_, name)) = item.rsplit_once("mod ")
        {
            modules.push(name.trim_end_matches(';').trim().to_owned());
        }
        rest = &attribute[item.len()..];
    }
    product.push_str(rest);
    (product, modules)
}

/// Up to the `;` or the closing brace of the item that begins here with its attributes.
fn item_length(code: &str) -> usize {
    let mut depth = 0_i32;
    for (index, c) in code.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            '}' | ';' if depth == i32::from(c == '}') => return index + 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

#[test]
fn tests_are_no_part_of_the_product() {
    let code = "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() { c(); }\n}\n#[cfg(unix)]\nfn d() {}\n\
                #[cfg(test)]\npub(crate) mod samples;\nfn e() {}";
    let (product, modules) = without_tests(code);
    assert_eq!(
        product.split_whitespace().collect::<Vec<_>>().join(" "),
        "fn a() {} #[cfg(unix)] fn d() {} fn e() {}"
    );
    assert_eq!(product.lines().count(), code.lines().count());
    assert_eq!(modules, ["samples"]);
}
