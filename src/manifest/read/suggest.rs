//! "Did you mean".

/// The candidates that a mistyped word may stand for, nearest first, as a help line.
pub(crate) fn did_you_mean<S: AsRef<str>>(word: &str, candidates: &[S]) -> Option<String> {
    let simple = |text: &str| text.to_lowercase().replace(['-', '_', ' ', '/'], "");
    let wanted = simple(word);
    let mut near: Vec<(usize, &str)> = candidates
        .iter()
        .map(AsRef::as_ref)
        .filter_map(|candidate| {
            let known = simple(candidate);
            let distance = strsim::damerau_levenshtein(&wanted, &known);
            let allowed = (known.chars().count().max(wanted.chars().count()) / 3).clamp(1, 3);
            let part = known.len().min(wanted.len()) >= 4
                && (known.contains(&wanted) || wanted.contains(&known));
            (distance <= allowed || part).then_some((distance, candidate))
        })
        .collect();
    near.sort_unstable();
    near.truncate(3);
    if near.first().is_some_and(|(distance, _)| *distance == 0) {
        near.truncate(1);
    }
    let names: Vec<&str> = near.into_iter().map(|(_, name)| name).collect();
    (!names.is_empty()).then(|| format!("did you mean {}?", list(&names).replace("one of ", "")))
}

/// "one of `a`, `b` or `c`"; a single candidate stands alone.
pub(crate) fn list<S: AsRef<str>>(words: &[S]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{}`", word.as_ref())).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("one of {} or {last}", rest.join(", ")),
    }
}
