//! The header file: found inside the campaign's folder, read once, checked by its first bytes.
//!
//! This is the one place in `parse` that touches the file system.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::{Component, Path};

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::model::MediaFile;

/// Meta's limit for a header image, in bytes: 5 MB.
const MAX_IMAGE_BYTES: u64 = 5_000_000;
/// Meta's limit for a header video, in bytes: 16 MB.
const MAX_VIDEO_BYTES: u64 = 16_000_000;

/// Why a header file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MediaFault {
    /// The path is absolute or climbs out with `..`.
    #[error("the path `{0}` is not a plain path inside the campaign's folder")]
    Path(String),
    /// It is not there.
    #[error("there is no file `{0}` in the campaign's folder")]
    Missing(String),
    /// A symbolic link leads out of the campaign's folder.
    #[error("`{0}` leads out of the campaign's folder")]
    Outside(String),
    /// A folder, a pipe or a device.
    #[error("`{0}` is not a regular file")]
    NotRegular(String),
    /// The base name cannot be sent.
    #[error("the file name holds a quote, a backslash or a control character")]
    Name,
    /// The extension is not one of a header's.
    #[error("`{0}` is not a .jpg, .jpeg, .png, .mp4 or .3gp file")]
    Extension(String),
    /// The bytes are of another kind than the extension says.
    #[error("`{path}` is named as {named} but its first bytes are {found}")]
    Content {
        /// The file as written.
        path: String,
        /// What the extension stands for.
        named: &'static str,
        /// What the bytes are.
        found: &'static str,
    },
    /// It is too large.
    #[error("`{path}` has {bytes} bytes, at most {limit} are allowed for {kind}")]
    TooLarge {
        /// The file as written.
        path: String,
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
        /// `an image` or `a video`.
        kind: &'static str,
    },
    /// It cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Unreadable {
        /// The file as written.
        path: String,
        /// Why.
        source: io::Error,
    },
}

impl MediaFault {
    /// Stable id of the rule that was broken.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Path(_) => "media/path",
            Self::Missing(_) => "media/missing",
            Self::Outside(_) => "media/outside",
            Self::NotRegular(_) => "media/not-a-file",
            Self::Name => "media/name",
            Self::Extension(_) => "media/extension",
            Self::Content { .. } => "media/content",
            Self::TooLarge { .. } => "media/too-large",
            Self::Unreadable { .. } => "media/unreadable",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Path(_) | Self::Outside(_) => {
                "put the file beside the campaign file and write its relative path with `/`"
            }
            Self::Missing(_) => "the path counts from the folder of the campaign file",
            Self::NotRegular(_) | Self::Unreadable { .. } => "name a readable file",
            Self::Name => "rename the file",
            Self::Extension(_) => "WhatsApp takes jpeg, png, mp4 and 3gp in a header",
            Self::Content { .. } => "convert the file, or correct its extension",
            Self::TooLarge { .. } => "compress the file, or use `header.url`",
        }
    }
}

/// Reads the header file at `relative` in the campaign's `folder`.
pub fn read_header_file(folder: &Path, relative: &str) -> Result<MediaFile, MediaFault> {
    let shown = || relative.to_owned();
    let base_name = plain_base_name(relative).ok_or_else(|| MediaFault::Path(shown()))?;
    if base_name.chars().any(|c| c.is_control() || matches!(c, '"' | '\'' | '\\')) {
        return Err(MediaFault::Name);
    }
    let named = Kind::of_name(base_name).ok_or_else(|| MediaFault::Extension(shown()))?;
    let unreadable = |source| match source {
        error if io::Error::kind(&error) == io::ErrorKind::NotFound => MediaFault::Missing(shown()),
        source => MediaFault::Unreadable { path: shown(), source },
    };
    let folder = folder.canonicalize().map_err(unreadable)?;
    let path = folder.join(relative).canonicalize().map_err(unreadable)?;
    if !path.starts_with(&folder) {
        return Err(MediaFault::Outside(shown()));
    }
    if !path.metadata().map_err(unreadable)?.is_file() {
        return Err(MediaFault::NotRegular(shown()));
    }
    let file = open_without_waiting(&path).map_err(unreadable)?;
    // Asked again of what was opened: the name may have changed hands since.
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(MediaFault::NotRegular(shown()));
    }
    let too_large = |bytes| MediaFault::TooLarge {
        path: shown(),
        bytes,
        limit: named.max_bytes(),
        kind: named.word(),
    };
    if metadata.len() > named.max_bytes() {
        return Err(too_large(metadata.len()));
    }
    let mut bytes = Vec::new();
    file.take(named.max_bytes() + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > named.max_bytes() {
        return Err(too_large(bytes.len() as u64));
    }
    let found = Kind::of_bytes(&bytes);
    if found != Some(named) {
        let found = found.map_or("of no kind WhatsApp takes in a header", Kind::content_type);
        let named = named.content_type();
        return Err(MediaFault::Content { path: shown(), named, found });
    }
    Ok(MediaFile {
        base_name: base_name.to_owned(),
        content_type: named.content_type(),
        sha256: Sha256::digest(&bytes).into(),
        bytes: Bytes::from(bytes),
    })
}

/// The base name of a relative path of plain components. `None` for any other path.
fn plain_base_name(relative: &str) -> Option<&str> {
    let plain = !relative.is_empty()
        && relative.len() < 4096
        && !relative.contains(['\\', '\0'])
        && Path::new(relative)
            .components()
            .all(|component| matches!(component, Component::Normal(_) | Component::CurDir));
    let base_name = relative.rsplit('/').next()?;
    (plain && !base_name.is_empty() && base_name != ".").then_some(base_name)
}

/// Opens a file for reading; a pipe that took its place does not hold us up.
fn open_without_waiting(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::CLOEXEC;
        options.custom_flags(i32::try_from(flags.bits()).unwrap_or(0));
    }
    options.open(path)
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Jpeg,
    Png,
    Mp4,
    ThreeGp,
}

impl Kind {
    fn of_name(base_name: &str) -> Option<Self> {
        let (stem, extension) = base_name.rsplit_once('.')?;
        match extension.to_ascii_lowercase().as_str() {
            _ if stem.is_empty() => None,
            "jpg" | "jpeg" => Some(Self::Jpeg),
            "png" => Some(Self::Png),
            "mp4" => Some(Self::Mp4),
            "3gp" => Some(Self::ThreeGp),
            _ => None,
        }
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
            return Some(Self::Jpeg);
        }
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            return Some(Self::Png);
        }
        // ISO base media: the first box is `ftyp`, then comes the major brand.
        if bytes.get(4..8) != Some(b"ftyp") {
            return None;
        }
        match bytes.get(8..12)? {
            [b'3', b'g', b'p', _] => Some(Self::ThreeGp),
            [b'i', b's', b'o', _]
            | [b'm', b'p', b'4', _]
            | b"avc1"
            | b"M4V "
            | b"MSNV"
            | b"dash" => Some(Self::Mp4),
            _ => None,
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Mp4 => "video/mp4",
            Self::ThreeGp => "video/3gpp",
        }
    }

    fn max_bytes(self) -> u64 {
        match self {
            Self::Jpeg | Self::Png => MAX_IMAGE_BYTES,
            Self::Mp4 | Self::ThreeGp => MAX_VIDEO_BYTES,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Jpeg | Self::Png => "an image",
            Self::Mp4 | Self::ThreeGp => "a video",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary folder")
    }

    fn rule(folder: &Path, relative: &str) -> &'static str {
        read_header_file(folder, relative).map_or_else(|fault| fault.rule(), |_| "fine")
    }

    #[test]
    fn a_picture_beside_the_campaign_is_read() {
        let folder = folder();
        fs::create_dir(folder.path().join("media")).expect("a folder");
        fs::write(folder.path().join("media/a.png"), PNG).expect("a file");
        let media = read_header_file(folder.path(), "media/a.png").expect("a usable file");
        assert_eq!((media.base_name.as_str(), media.content_type), ("a.png", "image/png"));
        assert_eq!(&media.bytes[..], PNG);
        assert_eq!(media.sha256, <[u8; 32]>::from(Sha256::digest(PNG)));
    }

    #[test]
    fn kinds_are_told_by_their_first_bytes() {
        let folder = folder();
        for (name, bytes, expected) in [
            ("a.jpg", &b"\xff\xd8\xff\xe0"[..], "fine"),
            ("a.JPEG", b"\xff\xd8\xff\xe0", "fine"),
            ("a.mp4", b"\0\0\0\x18ftypisom", "fine"),
            ("a.3gp", b"\0\0\0\x18ftyp3gp5", "fine"),
            ("b.mp4", b"\0\0\0\x18ftyp3gp5", "media/content"),
            ("c.mp4", b"\0\0\0\x18ftypqt  ", "media/content"),
            ("a.png", b"\xff\xd8\xff\xe0", "media/content"),
            ("b.png", b"", "media/content"),
            ("a.gif", b"GIF89a", "media/extension"),
            ("png", PNG, "media/extension"),
        ] {
            fs::write(folder.path().join(name), bytes).expect("a file");
            assert_eq!(rule(folder.path(), name), expected, "{name}");
        }
    }

    #[test]
    fn nothing_outside_the_folder_is_read() {
        let outer = folder();
        let inner = outer.path().join("campaign");
        fs::create_dir(&inner).expect("a folder");
        fs::write(outer.path().join("secret.png"), PNG).expect("a file");
        let absolute = outer.path().join("secret.png").display().to_string();
        for path in ["../secret.png", "a/../../secret.png", &absolute, "", ".", "a\\b.png"] {
            assert_eq!(rule(&inner, path), "media/path", "{path}");
        }
        assert_eq!(rule(&inner, "missing.png"), "media/missing");
    }

    #[cfg(unix)]
    #[test]
    fn links_out_pipes_and_folders_are_refused() {
        let outer = folder();
        let inner = outer.path().join("campaign");
        fs::create_dir(&inner).expect("a folder");
        fs::write(outer.path().join("secret.png"), PNG).expect("a file");
        std::os::unix::fs::symlink("../secret.png", inner.join("link.png")).expect("a link");
        std::os::unix::fs::symlink("..", inner.join("up")).expect("a link");
        fs::create_dir(inner.join("folder.png")).expect("a folder");
        let pipe = rustix::fs::FileType::Fifo;
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, inner.join("pipe.png"), pipe, mode, 0)
            .expect("a pipe");
        assert_eq!(rule(&inner, "link.png"), "media/outside");
        assert_eq!(rule(&inner, "up/secret.png"), "media/outside");
        assert_eq!(rule(&inner, "folder.png"), "media/not-a-file");
        assert_eq!(rule(&inner, "pipe.png"), "media/not-a-file");
        fs::write(inner.join("real.png"), PNG).expect("a file");
        std::os::unix::fs::symlink("real.png", inner.join("inside.png")).expect("a link");
        assert_eq!(rule(&inner, "inside.png"), "fine");
        fs::write(inner.join("a\"b.png"), PNG).expect("a file");
        assert_eq!(rule(&inner, "a\"b.png"), "media/name");
    }

    #[test]
    fn too_large_files_are_refused_unread() {
        let folder = folder();
        let file = File::create(folder.path().join("a.png")).expect("a file");
        file.set_len(MAX_IMAGE_BYTES + 1).expect("a file");
        assert_eq!(rule(folder.path(), "a.png"), "media/too-large");
    }
}
