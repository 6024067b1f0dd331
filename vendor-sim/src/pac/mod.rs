//! A simulated PAC Access Central server with the interface `oem1`.
