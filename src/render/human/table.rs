//! Tables of text.

/// Rows under headings, columns as wide as their widest cell, two spaces between.
pub fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = headings.iter().map(|text| text.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(console::measure_text_width(cell));
        }
    }
    let line = |cells: &[String]| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| {
                let pad = width.saturating_sub(console::measure_text_width(cell));
                format!("{cell}{}", " ".repeat(pad))
            })
            .collect();
        padded.join("  ").trim_end().to_owned() + "\n"
    };
    let headings: Vec<String> = headings.iter().map(|text| (*text).to_owned()).collect();
    std::iter::once(line(&headings)).chain(rows.iter().map(|row| line(row))).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn columns_line_up() {
        let rows = [
            vec!["api".to_owned(), "ready".to_owned()],
            vec!["worker-a".to_owned(), "x".to_owned()],
        ];
        insta::assert_snapshot!(super::table(&["NAME", "STATE"], &rows), @r"
        NAME      STATE
        api       ready
        worker-a  x
        ");
    }
}
