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

/// The same on a screen of so many columns: the last column is cut to what the others leave of it.
pub fn fitting(
    headings: &[&str],
    mut rows: Vec<Vec<String>>,
    columns: Option<usize>,
    cut: fn(&str, usize) -> String,
) -> String {
    let last = headings.len().saturating_sub(1);
    let wide = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        let widest = cells.map(|cell| console::measure_text_width(cell)).max().unwrap_or_default();
        widest.max(headings[at].chars().count()) + 2
    };
    let before: usize = (0..last).map(wide).sum();
    if let Some(columns) = columns {
        let room = columns.saturating_sub(before).max(SHORTEST);
        for cell in rows.iter_mut().filter_map(|row| row.get_mut(last)) {
            *cell = cut(cell, room);
        }
    }
    table(headings, &rows)
}

/// What is cut more than this says nothing.
const SHORTEST: usize = 8;

#[cfg(test)]
mod tests {
    use crate::render::human::text::{cut, cut_front};

    #[test]
    fn the_last_column_is_cut_to_the_screen() {
        let rows = || vec![vec!["api".to_owned(), "public.ecr.aws/nginx/nginx:1.27".to_owned()]];
        let table = |columns, cut| super::fitting(&["NAME", "IMAGE"], rows(), columns, cut);
        insta::assert_snapshot!(table(Some(26), cut), @r"
        NAME  IMAGE
        api   public.ecr.aws/ngin…
        ");
        insta::assert_snapshot!(table(Some(26), cut_front), @r"
        NAME  IMAGE
        api   …ws/nginx/nginx:1.27
        ");
        assert_eq!(table(None, cut), table(Some(100), cut));
    }

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
