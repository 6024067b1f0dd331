//! Roll calls, whenever they are noticed.
