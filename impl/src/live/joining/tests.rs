//! Who is not ready becomes so once, when what is stored of it is stated anew.

use super::*;

const REQUEST: RequestId = RequestId(7);

#[test]
fn who_is_acknowledged_is_ready_and_who_is_refused_states_it_again() {
    let mut joining = Joining::default();
    assert!(!joining.replied(1, REQUEST, false, 0));
    joining.renewing(1, REQUEST);
    assert!(joining.is_joining(1) && !joining.is_joining(2));
    assert!(!joining.replied(1, RequestId(8), false, 0), "that is of something else");
    assert!(joining.replied(1, REQUEST, true, 50));
    assert!(joining.is_joining(1));
    let at_us = 50 + RENEW_AGAIN_US;
    assert_eq!(joining.next_due_us(), Some(at_us));
    assert_eq!((joining.take_due(at_us - 1), joining.take_due(at_us)), (None, Some(1)));
    assert_eq!((joining.take_due(at_us), joining.next_due_us()), (None, None));
    assert!(!joining.replied(1, REQUEST, false, at_us), "it was refused, and is not stated yet");
    joining.renewing(1, RequestId(9));
    assert!(joining.replied(1, RequestId(9), false, at_us));
    assert_eq!(joining.take_joined(), [1]);
    assert!(!joining.is_joining(1));
}

#[test]
fn who_goes_away_is_not_waited_for() {
    let mut joining = Joining::default();
    joining.renewing(1, REQUEST);
    joining.renewing(2, RequestId(8));
    assert!(joining.replied(1, REQUEST, true, 0) && joining.replied(2, RequestId(8), true, 0));
    assert!(joining.leave(1) && !joining.leave(1) && !joining.leave(3));
    assert_eq!(joining.take_due(u64::MAX), Some(2), "the other one is");
    assert_eq!(joining.take_due(u64::MAX), None);
    assert!(joining.take_joined().is_empty());
}
