//! Which file system a ledger is on, and whether that can keep it.

use std::fmt;
use std::path::Path;

/// A kind of file system that a ledger should not be on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FilesystemKind {
    /// NFS.
    Nfs,
    /// SMB or CIFS.
    Smb,
    /// FUSE, virtiofs included.
    Fuse,
    /// 9p, as some virtual machines share folders.
    NineP,
    /// Another file system over the network.
    Network,
    /// In memory: gone with the machine.
    Memory,
    /// A container's own layer: gone with the container.
    Overlay,
}

impl FilesystemKind {
    /// The kind at `path`; `None` for those without objections and where it cannot be told
    /// (other systems than Linux).
    pub(super) fn at(path: &Path) -> std::io::Result<Option<Self>> {
        #[cfg(target_os = "linux")]
        {
            let magic = rustix::fs::statfs(path)?.f_type;
            // The field's width and sign differ between targets; the magic numbers have 32 bits.
            Ok(u32::try_from(i128::from(magic) & 0xffff_ffff).ok().and_then(Self::of_magic))
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = path;
            Ok(None)
        }
    }

    /// Source of the numbers: statfs(2) and linux/magic.h.
    #[cfg(any(test, target_os = "linux"))]
    fn of_magic(magic: u32) -> Option<Self> {
        Some(match magic {
            0x6969 => Self::Nfs,
            0x517b | 0xff53_4d42 | 0xfe53_4d42 => Self::Smb,
            0x6573_5546 => Self::Fuse,
            0x0102_1997 => Self::NineP,
            // ceph, afs, kafs, coda, vboxsf, lustre, gpfs
            0x00c3_6400 | 0x5346_414f | 0x6b41_4653 | 0x7375_7245 | 0x786f_4256 | 0x0bd0_0bd0
            | 0x4750_4653 => Self::Network,
            0x0102_1994 | 0x8584_58f6 => Self::Memory,
            0x794c_7630 => Self::Overlay,
            _ => return None,
        })
    }

    /// Whether a ledger here is refused: the file system's locks or shared memory do not
    /// do what SQLite's write-ahead log needs (<https://www.sqlite.org/wal.html>). The
    /// others only forget everything one day, which is warned about.
    pub fn is_refused(self) -> bool {
        !matches!(self, Self::Memory | Self::Overlay)
    }
}

impl fmt::Display for FilesystemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nfs => "NFS",
            Self::Smb => "SMB",
            Self::Fuse => "a FUSE file system",
            Self::NineP => "a 9p file system",
            Self::Network => "a network file system",
            Self::Memory => "a file system in memory",
            Self::Overlay => "a container's overlay",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_refused_and_fleeting_ones_only_warned_about() {
        for (magic, kind, refused) in [
            (0x6969, FilesystemKind::Nfs, true),
            (0xfe53_4d42, FilesystemKind::Smb, true),
            (0xff53_4d42, FilesystemKind::Smb, true),
            (0x6573_5546, FilesystemKind::Fuse, true),
            (0x0102_1997, FilesystemKind::NineP, true),
            (0x0102_1994, FilesystemKind::Memory, false),
            (0x794c_7630, FilesystemKind::Overlay, false),
        ] {
            assert_eq!(FilesystemKind::of_magic(magic), Some(kind), "{magic:x}");
            assert_eq!(kind.is_refused(), refused, "{kind}");
        }
        assert_eq!(FilesystemKind::of_magic(0xef53), None, "ext4 is fine");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kind_is_read_from_the_system() {
        if std::fs::read_to_string("/proc/mounts")
            .is_ok_and(|mounts| mounts.contains("tmpfs /dev/shm"))
        {
            let kind = FilesystemKind::at(Path::new("/dev/shm")).expect("statfs works");
            assert_eq!(kind, Some(FilesystemKind::Memory));
        }
    }
}
