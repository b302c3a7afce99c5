/// Empties a buffer.
pub trait Flush {
    fn flush(&mut self);
}

/// Writes lines.
pub trait Log: Flush {
    const WIDTH: usize;

    fn line(&mut self, text: &str);

    fn lines(&mut self, all: &[&str]) {
        for one in all {
            self.line(one);
        }
        self.flush();
    }
}

#[derive(Default)]
pub struct Memory(Vec<String>);

impl Flush for Memory {
    fn flush(&mut self) {
        self.0.clear();
    }
}

impl Log for Memory {
    const WIDTH: usize = 80;

    fn line(&mut self, text: &str) {
        self.0.push(text.into());
    }
}

impl<T: Log + ?Sized> Flush for Box<T> {
    fn flush(&mut self) {
        (**self).flush();
    }
}

pub fn drain(log: &mut dyn Log) {
    log.flush();
    <Memory as Flush>::flush(&mut Memory::default());
}
