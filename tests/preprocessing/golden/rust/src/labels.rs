use crate::cart::Item;

impl Item {
    /// A method of a type of another file.
    pub(crate) fn label(&self) -> String {
        fn shorten(text: &str) -> String {
            text.trim().to_string()
        }
        shorten(&self.name)
    }
}
