//! A password from `.pgpass`, as `psql` finds it
//! (<https://www.postgresql.org/docs/current/libpq-pgpass.html>).

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::address::ServerAddress;

/// A password file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PassfileError {
    /// Others can read it.
    #[error("`{}` can be read by others: its mode must be 0600", .0.display())]
    Exposed(PathBuf),
    /// It is there and cannot be read.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

impl ServerAddress {
    /// The same with the password that the file has for it; as it is when there is no such
    /// file or line.
    ///
    /// # Errors
    /// When others can read the file, or nobody.
    pub fn with_passfile(self, path: &Path) -> Result<Self, PassfileError> {
        let io = |source| PassfileError::Io { path: path.to_owned(), source };
        match fs::metadata(path) {
            Ok(metadata) if metadata.mode() & 0o077 != 0 => {
                return Err(PassfileError::Exposed(path.to_owned()));
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(self),
            Err(source) => return Err(io(source)),
        }
        let text = fs::read_to_string(path).map_err(io)?;
        let login = self.login();
        Ok(match text.lines().find_map(|line| password(line, &login)) {
            Some(password) => self.with_password(SecretString::from(password)),
            None => self,
        })
    }
}

/// The line's password, if the line is for this login.
fn password(line: &str, login: &[String; 4]) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => field.extend(characters.next()),
            // The password comes last and keeps its colons.
            ':' if fields.len() < 4 => fields.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    let password = field;
    let fits = fields.len() == 4
        && fields.iter().zip(login).all(|(field, value)| field == "*" || field == value);
    fits.then_some(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        let login = ["db.example.com", "5432", "ledgers", "sender"].map(str::to_owned);
        for (line, expected) in [
            ("db.example.com:5432:ledgers:sender:pa:ss", Some("pa:ss")),
            ("*:*:*:sender:p\\\\a\\:ss", Some("p\\a:ss")),
            ("db.example.com:5432:other:sender:pass", None),
            ("db.example.com:5432:ledgers:sender", None),
            ("# *:*:*:*:pass", None),
            ("", None),
        ] {
            assert_eq!(password(line, &login).as_deref(), expected, "{line}");
        }
    }
}
