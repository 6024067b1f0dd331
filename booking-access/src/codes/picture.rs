//! The number as a QR picture.

use std::fmt;
use std::io::Cursor;

use image::{ImageFormat, Luma};
use qrcode::render::{svg, unicode};
use qrcode::{EcLevel, QrCode};
use serde::{Deserialize, Serialize};

use super::CodesConfig;

/// A picture is at least this wide and high, in pixels.
const SMALLEST: u32 = 300;

/// How a number stands in a picture.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QrStyle {
    width: u8,
    prefix: String,
    suffix: String,
}

/// A picture cannot be drawn.
#[derive(Debug, thiserror::Error)]
#[error("the picture of a code cannot be drawn")]
pub struct PictureError {
    #[source]
    cause: Box<dyn std::error::Error + Send + Sync>,
}

impl QrStyle {
    /// The style that a configuration asks for.
    pub fn new(config: &CodesConfig) -> Self {
        Self { width: config.qr_width, prefix: config.qr_prefix.clone(), suffix: config.qr_suffix.clone() }
    }

    /// The text in the picture: the number, with zeros, prefix and suffix where asked for.
    pub fn text(&self, number: &str) -> String {
        format!("{}{number:0>width$}{}", self.prefix, self.suffix, width = usize::from(self.width))
    }

    /// Black on white, with a margin of four modules, at least 300 pixels wide.
    ///
    /// # Errors
    /// The text does not fit into a picture.
    pub fn png(&self, number: &str) -> Result<Vec<u8>, PictureError> {
        let code = self.code(number)?;
        let picture = code.render::<Luma<u8>>().min_dimensions(SMALLEST, SMALLEST).build();
        let mut png = Cursor::new(Vec::new());
        picture.write_to(&mut png, ImageFormat::Png).map_err(PictureError::of)?;
        Ok(png.into_inner())
    }

    /// The same as SVG.
    ///
    /// # Errors
    /// The text does not fit into a picture.
    pub fn svg(&self, number: &str) -> Result<String, PictureError> {
        Ok(self.code(number)?.render::<svg::Color<'_>>().min_dimensions(SMALLEST, SMALLEST).build())
    }

    /// The same for a terminal, two rows of modules to a line; light and dark as on a dark screen.
    ///
    /// # Errors
    /// The text does not fit into a picture.
    pub fn blocks(&self, number: &str) -> Result<String, PictureError> {
        let code = self.code(number)?;
        let mut blocks = code.render::<unicode::Dense1x2>();
        Ok(blocks.dark_color(unicode::Dense1x2::Light).light_color(unicode::Dense1x2::Dark).build())
    }

    fn code(&self, number: &str) -> Result<QrCode, PictureError> {
        QrCode::with_error_correction_level(self.text(number), EcLevel::M).map_err(PictureError::of)
    }
}

impl PictureError {
    fn of(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { cause: Box::new(cause) }
    }
}

impl fmt::Debug for QrStyle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QrStyle").field("width", &self.width).finish_non_exhaustive()
    }
}
