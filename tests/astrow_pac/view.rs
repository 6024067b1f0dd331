//! Astrow's view of events and doors, with trouble on the way.
