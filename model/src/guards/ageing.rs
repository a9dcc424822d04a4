//! Ageing: a task that was overtaken as often as the scope allows goes before all classes, so that nothing starves.

use crate::mutant::Mutant;
use crate::protocol::Protocol;
use crate::rows::Task;
use crate::scope::Class;
use crate::size::{Num, Size};

impl<S: Size> Protocol<S> {
    /// The class by which a query server orders its ready tasks; none for a task whose turn has come, before all.
    pub fn effective_class(&self, task: Task<S::Num>) -> Option<Class> {
        (!self.is_due(task)).then(|| self.class(task.request))
    }

    /// Whether a task was overtaken as often as the scope allows.
    fn is_due(&self, task: Task<S::Num>) -> bool {
        let max = self.scope().knobs.overtaken_max;
        let slack = u32::from(self.has(Mutant::OvertakenMiscounted));
        max > 0 && task.overtaken.get() >= max + slack && !self.has(Mutant::AgeingIgnored)
    }
}
