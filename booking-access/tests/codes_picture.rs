//! What the picture of a code says, read by a decoder that shares nothing with its drawer.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use booking_access::codes::{CodesConfig, QrStyle};
use proptest::prelude::*;

fn read_png(png: &[u8]) -> (u32, String) {
    let picture = image::load_from_memory(png).unwrap();
    assert!(matches!(picture, image::DynamicImage::ImageLuma8(_)), "black and white");
    let picture = picture.to_luma8();
    let (width, height) = picture.dimensions();
    assert!(width == height && width >= 300, "{width} x {height}");
    let pixels = picture.into_raw();
    let across = width as usize;
    (width, read(across, |x, y| pixels[y * across + x]))
}

fn read(width: usize, pixel: impl FnMut(usize, usize) -> u8) -> String {
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, width, pixel);
    let grids = prepared.detect_grids();
    assert_eq!(grids.len(), 1);
    let (meta, text) = grids[0].decode().unwrap();
    assert_eq!(meta.ecc_level, 0, "level M is the bits 00");
    text
}

/// The dark rectangles of an SVG as the drawer writes them: `M<x> <y>h<width>v<height>H<x>V<y>`.
fn read_svg(svg: &str) -> String {
    let number = |text: &str| text.parse::<usize>().unwrap();
    let width = number(svg.split("width=\"").nth(1).unwrap().split('"').next().unwrap());
    let path = svg.split(" d=\"").nth(1).unwrap().split('"').next().unwrap();
    let mut pixels = vec![255; width * width];
    for rectangle in path.split('M').skip(1) {
        let numbers: Vec<usize> =
            rectangle.split(|c: char| !c.is_ascii_digit()).filter(|text| !text.is_empty()).map(number).collect();
        let (left, top, wide, high) = (numbers[0], numbers[1], numbers[2], numbers[3]);
        for y in top..top + high {
            pixels[y * width + left..y * width + left + wide].fill(0);
        }
    }
    read(width, |x, y| pixels[y * width + x])
}

fn style(width: u8, prefix: &str, suffix: &str) -> QrStyle {
    let mut config = CodesConfig::default();
    (config.qr_width, config.qr_prefix, config.qr_suffix) = (width, prefix.to_owned(), suffix.to_owned());
    QrStyle::new(&config)
}

#[test]
fn the_quiet_zone_is_four_modules_wide() {
    let png = QrStyle::default().png("48213").unwrap();
    let picture = image::load_from_memory(&png).unwrap().to_luma8();
    let module = picture.width() / 29;
    let light = |x: u32, y: u32| picture.get_pixel(x, y).0[0] == 255;
    for along in 0..picture.width() {
        for deep in 0..4 * module {
            assert!(light(along, deep) && light(deep, along));
            assert!(light(along, picture.width() - 1 - deep) && light(picture.width() - 1 - deep, along));
        }
    }
    assert!(!light(4 * module, 4 * module), "the finder pattern begins right behind it");
}

#[test]
fn zeros_prefix_and_suffix_are_drawn_where_asked_for() {
    for (style, text) in [
        (style(0, "", ""), "481"),
        (style(8, "", ""), "00000481"),
        (style(5, "9", "7"), "9004817"),
        (style(0, "P-", "#"), "P-481#"),
    ] {
        assert_eq!(style.text("481"), text);
        assert_eq!(read_png(&style.png("481").unwrap()).1, text);
        assert_eq!(read_svg(&style.svg("481").unwrap()), text);
    }
}

#[test]
fn digits_are_drawn_in_the_short_mode_for_digits() {
    // 34 digits fit into the smallest picture in that mode alone.
    let (width, text) = read_png(&style(34, "", "").png("1").unwrap());
    assert_eq!((width % 29, text.len()), (0, 34));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_number_is_drawn_is_read(number in 1_u32..100_000_000, width in 0_u8..=10) {
        let style = style(width, "", "");
        let text = style.text(&number.to_string());
        prop_assert_eq!(text.parse::<u32>().unwrap(), number);
        prop_assert_eq!(&read_png(&style.png(&number.to_string()).unwrap()).1, &text);
        prop_assert_eq!(&read_svg(&style.svg(&number.to_string()).unwrap()), &text);
    }
}
