//! Where audience files are looked for, and how they are opened safely.

use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};

/// The folders audience files may stand in.
#[derive(Clone, Debug, Default)]
pub struct Roots {
    /// The campaign file's folder: looked into first.
    pub folder: PathBuf,
    /// The folders of `OFFERCAST_AUDIENCE_DIR`, in order.
    pub extra: Vec<PathBuf>,
}

/// A file that was found, open for reading.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) file: File,
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum FindError {
    #[error("`{path}` leaves the campaign's folder")]
    Leaves { path: String },
    #[error("`{path}` is a link to a file outside `{}`", root.display())]
    LinksOutside { path: String, root: PathBuf },
    #[error("there is no file `{path}`")]
    Missing { path: String, looked_in: Vec<PathBuf> },
    #[error("`{}` is no regular file", .0.display())]
    NotRegular(PathBuf),
    #[error("cannot read `{}`: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl FindError {
    /// The rule's last part, under `audience/` or `exclude/`.
    pub(super) fn rule(&self, exclude: bool) -> &'static str {
        match (self, exclude) {
            (Self::Leaves { .. } | Self::LinksOutside { .. }, false) => "audience/outside-folder",
            (Self::Leaves { .. } | Self::LinksOutside { .. }, true) => "exclude/outside-folder",
            (Self::Missing { .. }, false) => "audience/missing-file",
            (Self::Missing { .. }, true) => "exclude/missing-file",
            (Self::NotRegular(_) | Self::Io { .. }, false) => "audience/unreadable-file",
            (Self::NotRegular(_) | Self::Io { .. }, true) => "exclude/unreadable-file",
        }
    }

    pub(super) fn hint(&self) -> String {
        match self {
            Self::Leaves { .. } | Self::LinksOutside { .. } => {
                "keep the file beside the campaign or in a folder of `OFFERCAST_AUDIENCE_DIR`, \
                 and write the path below it without `..`"
                    .to_owned()
            }
            Self::Missing { looked_in, .. } => {
                let folders: Vec<_> =
                    looked_in.iter().map(|folder| format!("`{}`", folder.display())).collect();
                format!(
                    "looked in {}; further folders can be named in `OFFERCAST_AUDIENCE_DIR`",
                    folders.join(", ")
                )
            }
            Self::NotRegular(_) => "pipes, devices and folders cannot be read twice".to_owned(),
            Self::Io { .. } => "check the file's permissions".to_owned(),
        }
    }
}

impl Roots {
    /// Finds and opens a file by its path as written in the campaign.
    pub(super) fn open(&self, written: &str) -> Result<Found, FindError> {
        let relative = Path::new(written);
        let inside = relative
            .components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !inside || written.is_empty() {
            return Err(FindError::Leaves { path: written.to_owned() });
        }
        for root in self.all() {
            if let Some(found) = open_in(root, relative, written)? {
                return Ok(found);
            }
        }
        let looked_in = self.all().map(Path::to_path_buf).collect();
        Err(FindError::Missing { path: written.to_owned(), looked_in })
    }

    fn all(&self) -> impl Iterator<Item = &Path> {
        std::iter::once(self.folder.as_path()).chain(self.extra.iter().map(PathBuf::as_path))
    }
}

fn open_in(root: &Path, relative: &Path, written: &str) -> Result<Option<Found>, FindError> {
    let path = root.join(relative);
    let failed = |source| FindError::Io { path: path.clone(), source };
    let real = match path.canonicalize() {
        Ok(real) => real,
        Err(error) if is_absence(&error) => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let real_root = root.canonicalize().map_err(failed)?;
    if !real.starts_with(&real_root) {
        return Err(FindError::LinksOutside { path: written.to_owned(), root: root.to_path_buf() });
    }
    // Asked before opening: opening a pipe that nobody writes to would wait for ever.
    if !real.metadata().map_err(failed)?.is_file() {
        return Err(FindError::NotRegular(path));
    }
    let file = File::open(&real).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(FindError::NotRegular(path));
    }
    Ok(Some(Found { file, bytes: metadata.len(), path }))
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> (tempfile::TempDir, Roots) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for part in ["campaigns/audiences", "shared", "elsewhere"] {
            std::fs::create_dir_all(folder.path().join(part)).expect("a folder");
        }
        let roots = Roots {
            folder: folder.path().join("campaigns"),
            extra: vec![folder.path().join("shared")],
        };
        (folder, roots)
    }

    #[test]
    fn the_campaign_s_own_folder_comes_first() {
        let (folder, roots) = world();
        std::fs::write(folder.path().join("shared/a.csv"), "shared").expect("written");
        assert_eq!(roots.open("a.csv").expect("found").bytes, 6);
        std::fs::write(folder.path().join("campaigns/a.csv"), "own").expect("written");
        let found = roots.open("./a.csv").expect("found");
        assert_eq!((found.bytes, found.path.starts_with(&roots.folder)), (3, true));
    }

    #[test]
    fn a_missing_file_names_where_it_was_looked_for() {
        let (_folder, roots) = world();
        let error = roots.open("audiences/a.csv").expect_err("not there");
        assert_eq!(error.to_string(), "there is no file `audiences/a.csv`");
        assert!(error.hint().contains("campaigns`, `") && error.hint().contains("shared`"));
        assert_eq!(error.rule(true), "exclude/missing-file");
    }

    #[test]
    fn no_path_leaves_its_folder() {
        let (folder, roots) = world();
        std::fs::write(folder.path().join("elsewhere/a.csv"), "x").expect("written");
        let absolute = folder.path().join("elsewhere/a.csv");
        for path in ["../elsewhere/a.csv", "audiences/../../elsewhere/a.csv", ""] {
            assert!(matches!(roots.open(path), Err(FindError::Leaves { .. })), "{path}");
        }
        assert!(matches!(
            roots.open(absolute.to_str().expect("a plain path")),
            Err(FindError::Leaves { .. })
        ));
    }

    #[cfg(unix)]
    #[test]
    fn links_out_and_pipes_are_refused() {
        let (folder, roots) = world();
        std::fs::write(folder.path().join("elsewhere/a.csv"), "x").expect("written");
        let link = roots.folder.join("link.csv");
        std::os::unix::fs::symlink(folder.path().join("elsewhere/a.csv"), link).expect("a link");
        std::os::unix::fs::symlink("/dev/zero", roots.folder.join("zero.csv")).expect("a link");
        assert!(matches!(roots.open("link.csv"), Err(FindError::LinksOutside { .. })));
        assert!(matches!(roots.open("zero.csv"), Err(FindError::LinksOutside { .. })));
        assert!(matches!(roots.open("audiences"), Err(FindError::NotRegular(_))));
        let pipe = roots.folder.join("pipe.csv");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        if made.is_ok_and(|status| status.success()) {
            assert!(matches!(roots.open("pipe.csv"), Err(FindError::NotRegular(_))));
        }
    }
}
