//! `.dockerignore`: which files of a folder the builder does not get. The rules are Docker's: patterns of whole paths, `*`, `?`,
//! `[a-z]` within a name, `**` for any number of folders, `!` for an exception; the last that matches decides.

/// The patterns of one file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ignored {
    rules: Vec<Rule>,
}

#[derive(Debug, PartialEq, Eq)]
struct Rule {
    exception: bool,
    /// The pattern's names, from the top.
    names: Vec<String>,
}

impl Ignored {
    pub(super) fn parse(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let rule = |line: &str| {
            if line.starts_with('#') {
                return None;
            }
            let line = line.trim();
            let (exception, line) = match line.strip_prefix('!') {
                Some(rest) => (true, rest.trim()),
                None => (false, line),
            };
            let mut names: Vec<String> = Vec::new();
            for name in line.split('/') {
                match name {
                    "" | "." => {}
                    ".." => drop(names.pop()),
                    name => names.push(name.to_owned()),
                }
            }
            (!names.is_empty()).then_some(Rule { exception, names })
        };
        Self { rules: text.lines().filter_map(rule).collect() }
    }

    /// Whether the builder does not get the file or folder at this path, `/` between its names.
    pub(super) fn ignores(&self, path: &str) -> bool {
        let names: Vec<&str> = path.split('/').collect();
        let mut ignored = false;
        for rule in &self.rules {
            // A pattern that matches a folder is about all that is in it.
            let matches = rule.exception == ignored
                && (1..=names.len()).any(|depth| path_matches(&rule.names, &names[..depth]));
            if matches {
                ignored = !rule.exception;
            }
        }
        ignored
    }

    /// Whether an ignored folder has to be looked into all the same.
    pub(super) fn has_exceptions(&self) -> bool {
        self.rules.iter().any(|rule| rule.exception)
    }
}

fn path_matches(pattern: &[String], path: &[&str]) -> bool {
    match pattern.split_first() {
        None => path.is_empty(),
        Some((first, rest)) if first == "**" => {
            (0..=path.len()).any(|skipped| path_matches(rest, &path[skipped..]))
        }
        Some((first, rest)) => path.split_first().is_some_and(|(name, below)| {
            let (pattern, name): (Vec<char>, Vec<char>) =
                (first.chars().collect(), name.chars().collect());
            name_matches(&pattern, &name) && path_matches(rest, below)
        }),
    }
}

fn name_matches(pattern: &[char], name: &[char]) -> bool {
    let Some((first, rest)) = pattern.split_first() else { return name.is_empty() };
    let one = |matches: bool, rest: &[char]| {
        matches && name.split_first().is_some_and(|(_, below)| name_matches(rest, below))
    };
    match first {
        '*' => (0..=name.len()).any(|taken| name_matches(rest, &name[taken..])),
        '?' => one(true, rest),
        '[' => match class(rest, name.first().copied()) {
            Some((within, rest)) => one(within, rest),
            // Docker refuses such a file; here nothing has that name.
            None => false,
        },
        '\\' => match rest.split_first() {
            Some((escaped, rest)) => one(name.first() == Some(escaped), rest),
            None => false,
        },
        plain => one(name.first() == Some(plain), rest),
    }
}

/// Whether the character is in the class that begins here, and what stands behind the class.
fn class(pattern: &[char], c: Option<char>) -> Option<(bool, &[char])> {
    let end = pattern.iter().skip(1).position(|one| *one == ']')? + 1;
    let (members, rest) = (&pattern[..end], &pattern[end + 1..]);
    let (negated, members) = match members.split_first() {
        Some(('^', members)) => (true, members),
        _ => (false, members),
    };
    let c = c?;
    let mut within = false;
    let mut at = 0;
    while at < members.len() {
        match members.get(at..at + 3) {
            Some([low, '-', high]) => {
                within |= (*low..=*high).contains(&c);
                at += 3;
            }
            _ => {
                within |= members[at] == c;
                at += 1;
            }
        }
    }
    Some((within != negated, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_dockers() {
        let ignored = Ignored::parse(
            "\u{feff}# a comment\n\n/node_modules/\n*.md\n!README.md\n**/*.tmp\ndocs/**\n!docs/keep/*.txt\ntemp?\nx[0-9^]\n./out/../build\n*/cache\n",
        );
        for path in [
            "node_modules",
            "node_modules/a/b.js",
            "CHANGES.md",
            "a.tmp",
            "deep/er/b.tmp",
            "docs/a",
            "docs/keep/b.md",
            "temp1",
            "x5",
            "build/a",
            "src/cache/z",
        ] {
            assert!(ignored.ignores(path), "{path}");
        }
        for path in [
            "src/node_modules",
            "README.md",
            "src/CHANGES.md",
            "docs/keep/a.txt",
            "temp12",
            "xa",
            "out",
            "a/b/cache",
        ] {
            assert!(!ignored.ignores(path), "{path}");
        }
        assert!(ignored.has_exceptions() && !Ignored::parse("a\n").has_exceptions());
    }
}
