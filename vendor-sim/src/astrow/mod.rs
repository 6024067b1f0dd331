//! A simulated Astrow: the REST bridge, and its folders of files.
