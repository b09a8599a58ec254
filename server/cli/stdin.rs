//! `dynaleak check -`: a text from standard input, under a name that says where it belongs.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::files::Configs;

use super::coding::{LARGEST, decode};
use super::walk::{File, absolute, name_of, project_of};

pub struct Stdin {
    pub bytes: Vec<u8>,
    pub file: File,
    /// What belongs to the same project; none where no name says so.
    named: bool,
}

impl Stdin {
    /// Fails with what to tell the user.
    pub fn read(name: Option<&Path>) -> Result<Stdin, String> {
        let mut bytes = Vec::new();
        let read = io::stdin().take(LARGEST + 1).read_to_end(&mut bytes);
        read.map_err(|error| format!("cannot read standard input: {error}"))?;
        if bytes.len() as u64 > LARGEST {
            return Err("standard input is larger than 10 MB: not analysed".to_string());
        }
        let text = decode(&bytes).map_err(|why| format!("standard input is {why}"))?;
        let here = std::env::current_dir().unwrap_or_default();
        let path = absolute(name.unwrap_or(Path::new(NAMELESS)), &here);
        let file = File {
            name: match name {
                Some(_) => name_of(&path, &here).into(),
                None => NAMELESS.into(),
            },
            path,
            named: true,
            text: Some(Arc::from(text)),
        };
        Ok(Stdin {
            bytes,
            file,
            named: name.is_some(),
        })
    }

    /// Is the text what was read, byte for byte?
    pub fn is_faithful(&self) -> bool {
        let text = self.file.text.as_deref().unwrap_or_default();
        text.as_bytes() == self.bytes
    }

    /// The folder whose files say what the text's names mean.
    pub fn project(&self, configs: &Configs) -> Option<PathBuf> {
        project_of(self.file.path.parent().filter(|_| self.named)?, configs)
    }
}

const NAMELESS: &str = "-";
