//! Keeps the site across restarts of the program.

use std::fs;
use std::path::Path;

use anyhow::Context;

use super::world::World;

/// Reads the file, if it is there.
pub(crate) fn load(path: &Path) -> anyhow::Result<Option<World>> {
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let world = serde_json::from_slice(&text).with_context(|| format!("{} is not a saved site", path.display()))?;
    Ok(Some(world))
}

/// Writes the file in one step: readers see the old or the new one.
pub(crate) fn save(path: &Path, world: &World) -> anyhow::Result<()> {
    let beside = path.with_extension("new");
    fs::write(&beside, serde_json::to_vec(world)?)?;
    fs::rename(&beside, path)?;
    Ok(())
}
