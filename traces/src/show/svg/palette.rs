//! The colours of a diagram: fixed ones for a picture that stands alone, those of the page for one inside it.

/// What each part of a diagram is painted with.
pub(super) struct Palette {
    pub(super) paper: &'static str,
    pub(super) ink: &'static str,
    pub(super) muted: &'static str,
    pub(super) lifeline: &'static str,
    pub(super) rule: &'static str,
    pub(super) arrow: &'static str,
    pub(super) bad: &'static str,
    pub(super) good: &'static str,
    /// Attributes of the box of a step, of a fault, and of a node's name.
    pub(super) box_step: &'static str,
    pub(super) box_fault: &'static str,
    pub(super) box_head: &'static str,
    pub(super) head_text: &'static str,
    /// Whether what belongs to an event is grouped under its number, for a script to find.
    pub(super) grouped: bool,
}

/// Dark on white, whatever shows it.
pub(super) const PRINT: Palette = Palette {
    paper: "#ffffff",
    ink: "#1f2430",
    muted: "#5b6472",
    lifeline: "#c3c9d4",
    rule: "#edeff3",
    arrow: "#2b62a8",
    bad: "#c0281c",
    good: "#1f7a3f",
    box_step: r##"fill="#edf3fb" stroke="#8fabd0""##,
    box_fault: r##"fill="#fde9e7" stroke="#c0281c""##,
    box_head: r##"fill="#1f2430" stroke="#1f2430""##,
    head_text: "#ffffff",
    grouped: false,
};

/// The page's own colours, which are light or dark as its reader likes.
pub(super) const PAGE: Palette = Palette {
    paper: "var(--paper)",
    ink: "var(--ink)",
    muted: "var(--muted)",
    lifeline: "var(--lifeline)",
    rule: "var(--rule)",
    arrow: "var(--accent)",
    bad: "var(--bad)",
    good: "var(--good)",
    box_step: r#"fill="var(--box)" stroke="var(--box-edge)""#,
    box_fault: r#"fill="var(--bad-paper)" stroke="var(--bad)""#,
    box_head: r#"fill="var(--head)" stroke="var(--head)""#,
    head_text: "var(--head-text)",
    grouped: true,
};
