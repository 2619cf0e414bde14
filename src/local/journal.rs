//! The state on disk: an append-only journal of committed calls, shared by processes.
//!
//! `lock` holds the journal's generation and is what processes lock; `journal.jsonl` has one line
//! per committed call. A line is handed to the operating system before the call is answered, so
//! it survives a kill of the process; it is not flushed to the disk, so it may not survive a loss
//! of power. A last line without its end is what a kill in the middle of a write leaves: it was
//! never answered, and the next writer cuts it off. `key` is what secret values are sealed with.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::clock::Millis;
use super::sealed::Key;
use super::store::{Changes, Documents};

/// A journal shorter than this is never rewritten.
const COMPACT_ABOVE: u64 = 8 << 20;

/// One line: what one committed call wrote and deleted, as `[table, key, document]` and
/// `[table, key]`. A snapshot is a line too, with the time at which each document was born.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    n: u64,
    at: Millis,
    op: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    put: Vec<(String, String, Shared)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    del: Vec<(String, String)>,
    /// The header's seed of ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
}

/// A document that memory and journal line share.
#[derive(Debug)]
struct Shared(Arc<Value>);

impl Serialize for Shared {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Shared {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self(Arc::new(value)))
    }
}

/// Documents, their sequence number and, unless the account lives in memory only, their journal.
#[derive(Debug)]
pub(super) struct Journal {
    pub(super) documents: Documents,
    /// Number of the last committed call.
    pub(super) sequence: u64,
    /// Seed of the account's ids.
    pub(super) seed: u64,
    files: Option<Files>,
}

#[derive(Debug)]
struct Files {
    directory: PathBuf,
    lock: File,
    key: Key,
    journal: File,
    /// Which journal file this is; counts up whenever it is replaced.
    generation: u64,
    /// How much of it has been read.
    offset: u64,
    /// Its length when it was last rewritten.
    compacted: u64,
}

impl Journal {
    /// A journal in `directory` (made if it is not there), or none: in memory.
    pub(super) fn open(directory: Option<&Path>, seed: u64) -> io::Result<Self> {
        let files = directory.map(Files::open).transpose()?;
        let mut journal = Self { documents: Documents::default(), sequence: 0, seed, files };
        journal.lock(true)?;
        let outcome = journal.begin_file();
        journal.unlock()?;
        outcome.map(|()| journal)
    }

    /// A new journal file starts with a line that holds the seed.
    fn begin_file(&mut self) -> io::Result<()> {
        let Some(files) = &mut self.files else { return Ok(()) };
        if files.offset == 0 {
            let header = Line {
                n: self.sequence,
                at: 0,
                op: "open".to_owned(),
                put: Vec::new(),
                del: Vec::new(),
                seed: Some(self.seed),
            };
            files.append(&header)?;
        }
        Ok(())
    }

    /// Locks the state against other processes and reads what they have written since.
    pub(super) fn lock(&mut self, exclusive: bool) -> io::Result<()> {
        let Some(files) = &self.files else { return Ok(()) };
        if exclusive {
            files.lock.lock()?
        } else {
            files.lock.lock_shared()?
        }
        let outcome = self.catch_up(exclusive);
        if outcome.is_err() {
            self.unlock()?;
        }
        outcome
    }

    pub(super) fn unlock(&self) -> io::Result<()> {
        self.files.as_ref().map_or(Ok(()), |files| files.lock.unlock())
    }

    fn catch_up(&mut self, exclusive: bool) -> io::Result<()> {
        let Some(files) = &mut self.files else { return Ok(()) };
        let generation = files.read_generation()?;
        let mut length = files.journal.metadata()?.len();
        if generation != files.generation || length < files.offset {
            files.generation = generation;
            files.journal = open_journal(&files.directory)?;
            files.offset = 0;
            length = files.journal.metadata()?.len();
            files.compacted = length;
            self.documents = Documents::default();
            self.sequence = 0;
        }
        if length == files.offset {
            return Ok(());
        }
        let mut text = String::new();
        files.journal.seek(SeekFrom::Start(files.offset))?;
        files.journal.read_to_string(&mut text)?;
        let whole = text.rfind('\n').map_or(0, |at| at + 1);
        for line in text[..whole].lines() {
            let line: Line = serde_json::from_str(line).map_err(|error| {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("{}: {error}", files.directory.join("journal.jsonl").display()),
                )
            })?;
            self.sequence = line.n;
            self.seed = line.seed.unwrap_or(self.seed);
            for (table, key, value) in line.put {
                let value =
                    files.key.open_document(&value.0).map_or(value, |open| Shared(Arc::new(open)));
                self.documents.put(&table, &key, value.0, line.at);
            }
            for (table, key) in line.del {
                self.documents.delete(&table, &key, line.at);
            }
        }
        files.offset += whole as u64;
        if exclusive && files.offset < length {
            files.journal.set_len(files.offset)?;
        }
        Ok(())
    }

    /// Makes a call's changes part of the account: on disk first, then in memory.
    pub(super) fn commit(
        &mut self,
        operation: &str,
        at: Millis,
        changes: Changes,
    ) -> io::Result<()> {
        if changes.rows.is_empty() {
            return Ok(());
        }
        let n = self.sequence + 1;
        let mut put = Vec::new();
        let mut del = Vec::new();
        for ((table, key), change) in changes.rows {
            match change {
                Some(value) => put.push((table.to_owned(), key, Shared(value))),
                None => del.push((table.to_owned(), key)),
            }
        }
        let mut line = Line { n, at, op: operation.to_owned(), put, del, seed: None };
        if let Some(files) = &mut self.files {
            let open = files.seal(&mut line);
            files.append(&line)?;
            for (index, value) in open {
                line.put[index].2 = value;
            }
        }
        self.sequence = n;
        for (table, key, value) in line.put {
            self.documents.put(&table, &key, value.0, at);
        }
        for (table, key) in line.del {
            self.documents.delete(&table, &key, line.at);
        }
        self.compact_if_long()
    }

    /// Forgets everything.
    pub(super) fn reset(&mut self) -> io::Result<()> {
        self.documents = Documents::default();
        self.sequence = 0;
        self.rewrite()
    }

    fn compact_if_long(&mut self) -> io::Result<()> {
        match &self.files {
            Some(files) if files.offset > COMPACT_ABOVE && files.offset > 3 * files.compacted => {
                self.rewrite()
            }
            _ => Ok(()),
        }
    }

    /// Replaces the file by one that holds the documents as they are. The generation is counted
    /// up first: a kill in between makes others read the old file again, which is harmless.
    fn rewrite(&mut self) -> io::Result<()> {
        let Some(files) = &mut self.files else { return Ok(()) };
        let mut text = Vec::new();
        let mut line = Line {
            n: self.sequence,
            at: 0,
            op: "snapshot".to_owned(),
            put: Vec::new(),
            del: Vec::new(),
            seed: Some(self.seed),
        };
        write_line(&mut text, &line)?;
        line.seed = None;
        for (table, key, stored) in self.documents.rows() {
            line.at = stored.born;
            line.put = vec![(table.clone(), key.clone(), Shared(Arc::clone(&stored.value)))];
            files.seal(&mut line);
            write_line(&mut text, &line)?;
        }
        let next = files.directory.join("journal.next");
        std::fs::write(&next, &text)?;
        files.write_generation(files.generation + 1)?;
        std::fs::rename(&next, files.directory.join("journal.jsonl"))?;
        files.journal = open_journal(&files.directory)?;
        files.offset = text.len() as u64;
        files.compacted = files.offset;
        Ok(())
    }
}

impl Files {
    fn open(directory: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(directory.join("lock"))?;
        let journal = open_journal(directory)?;
        lock.lock()?;
        let key = Key::open(directory);
        lock.unlock()?;
        let key = key?;
        let directory = directory.to_owned();
        // No generation has this number, so the first look reads the whole file.
        Ok(Self { directory, lock, key, journal, generation: u64::MAX, offset: 0, compacted: 0 })
    }

    /// Seals the secrets of a line; gives the documents as they were, by index.
    fn seal(&self, line: &mut Line) -> Vec<(usize, Shared)> {
        let mut open = Vec::new();
        for (index, (_, _, value)) in line.put.iter_mut().enumerate() {
            if let Some(sealed) = self.key.seal(&value.0) {
                open.push((index, std::mem::replace(value, Shared(Arc::new(sealed)))));
            }
        }
        open
    }

    fn append(&mut self, line: &Line) -> io::Result<()> {
        let mut text = Vec::new();
        write_line(&mut text, line)?;
        self.journal.write_all(&text)?;
        self.offset += text.len() as u64;
        Ok(())
    }

    fn read_generation(&mut self) -> io::Result<u64> {
        let mut text = [0; 20];
        self.lock.seek(SeekFrom::Start(0))?;
        let length = self.lock.read(&mut text)?;
        Ok(std::str::from_utf8(&text[..length])
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(0))
    }

    fn write_generation(&mut self, generation: u64) -> io::Result<()> {
        self.lock.seek(SeekFrom::Start(0))?;
        self.lock.write_all(format!("{generation:019}\n").as_bytes())?;
        self.generation = generation;
        Ok(())
    }
}

fn open_journal(directory: &Path) -> io::Result<File> {
    let path = directory.join("journal.jsonl");
    OpenOptions::new().read(true).append(true).create(true).open(path)
}

fn write_line(text: &mut Vec<u8>, line: &Line) -> io::Result<()> {
    serde_json::to_writer(&mut *text, line)?;
    text.push(b'\n');
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::store::Transaction;
    use super::*;

    fn put(journal: &mut Journal, key: &str, value: &Value) {
        journal.lock(true).unwrap();
        let mut transaction = Transaction::new(&journal.documents);
        transaction.put("t", key.to_owned(), value.clone());
        let changes = std::mem::take(&mut transaction.changes);
        journal.commit("test", 5, changes).unwrap();
        journal.unlock().unwrap();
    }

    fn keys(journal: &mut Journal) -> Vec<String> {
        journal.lock(false).unwrap();
        journal.unlock().unwrap();
        journal.documents.scan("t", "").map(|(key, _)| key.clone()).collect()
    }

    #[test]
    fn two_processes_see_each_other_and_a_torn_line_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let mut one = Journal::open(Some(folder.path()), 1).unwrap();
        let mut two = Journal::open(Some(folder.path()), 2).unwrap();
        assert_eq!(two.seed, 1, "the file's seed counts");
        put(&mut one, "a", &json!(1));
        put(&mut two, "b", &json!(2));
        assert_eq!(keys(&mut one), ["a", "b"]);

        let path = folder.path().join("journal.jsonl");
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(br#"{"n":9,"at":0,"op":"x","put":[["t","torn","#).unwrap();
        assert_eq!(keys(&mut two), ["a", "b"]);
        put(&mut two, "c", &json!(3));
        assert_eq!(keys(&mut one), ["a", "b", "c"]);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("torn"), "{text}");
        assert_eq!(text.lines().count(), 4);
    }

    #[test]
    fn a_rewritten_journal_is_noticed_by_others() {
        let folder = tempfile::tempdir().unwrap();
        let mut one = Journal::open(Some(folder.path()), 1).unwrap();
        let mut two = Journal::open(Some(folder.path()), 1).unwrap();
        put(&mut one, "a", &json!(1));
        put(&mut one, "a", &json!(2));
        one.lock(true).unwrap();
        one.rewrite().unwrap();
        one.unlock().unwrap();
        put(&mut two, "b", &json!(3));
        assert_eq!(keys(&mut one), ["a", "b"]);
        assert_eq!(one.documents.get("t", "a").unwrap().born, 5);
        one.lock(true).unwrap();
        one.reset().unwrap();
        one.unlock().unwrap();
        assert_eq!(keys(&mut two), Vec::<String>::new());
    }
}
