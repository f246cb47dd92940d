//! The file that a pipe goes on from.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chat_proto::{LocalId, ResumeState};
use serde::{Deserialize, Serialize};

use crate::outcome::Failure;

/// The state of the session, and what the pipe keeps beside it. Secret, as the state is.
#[derive(Serialize, Deserialize)]
pub(super) struct ResumeFile {
    pub(super) state: ResumeState,
    /// Messages that have not settled, with the tags of their commands.
    pub(super) sending: BTreeMap<LocalId, Option<String>>,
}

impl ResumeFile {
    /// Reads the file.
    ///
    /// # Errors
    /// [`Failure`] naming the file and what is wrong with it, and nothing of what it holds.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let failure =
            |problem: String| Failure::arguments(format!("--resume {}: {problem}", path.display()));
        let bytes =
            fs::read(path).map_err(|error| failure(format!("it cannot be read: {error}")))?;
        // The error's own text may quote the file.
        serde_json::from_slice(&bytes).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            failure(format!(
                "it is not what resume_state writes in this version (line {line}, column {column})"
            ))
        })
    }

    /// Writes the file: beside its place first, so that there is always a whole one, and for the
    /// user alone to read.
    ///
    /// # Errors
    /// That of the file system.
    pub(super) async fn write(self, path: PathBuf) -> io::Result<()> {
        let written = tokio::task::spawn_blocking(move || {
            let json = serde_json::to_vec(&self)?;
            let mut beside = path.clone().into_os_string();
            beside.push(".part");
            let beside = PathBuf::from(beside);
            // One that was left behind by a process that was killed.
            match fs::remove_file(&beside) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
            let mut file = create(&beside)?;
            file.write_all(&json)?;
            file.sync_all()?;
            fs::rename(&beside, &path)
        });
        written.await.map_err(io::Error::other)?
    }
}

/// A file that did not exist.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_used_is_named_and_not_quoted() {
        let folder = std::env::temp_dir();
        let path = folder.join(format!("connect-chat-{}.state", std::process::id()));
        for (content, told) in [
            ("hush", "line 1, column 1"),
            (
                r#"{"state":{"version":1,"contact_id":7,"participant_token":"hush"}}"#,
                "column",
            ),
        ] {
            fs::write(&path, content).unwrap();
            let error = ResumeFile::read(&path).err().unwrap().to_string();
            assert!(error.contains(told), "{error}");
            assert!(error.contains("--resume"), "{error}");
            assert!(!error.contains("hush"), "{error}");
        }
        fs::remove_file(&path).unwrap();
        let error = ResumeFile::read(&path).err().unwrap().to_string();
        assert!(error.contains("cannot be read"), "{error}");
    }
}
