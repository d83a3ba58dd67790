"""From a page's own coordinates to the page as it is seen: cropped and turned."""

import pymupdf


def to_view(page: pymupdf.Page) -> pymupdf.Matrix:
    """Give the matrix from PDF coordinates to points from the upper left of the page as seen."""
    matrix: pymupdf.Matrix = page.transformation_matrix * page.rotation_matrix
    if page.rotation % 360 == 0:
        return matrix
    # Of a page that is turned PyMuPDF leaves out where its crop box begins.
    left, bottom = page.cropbox.x0, page.mediabox.y1 - page.cropbox.y1
    own: pymupdf.Matrix = pymupdf.Matrix(1, 0, 0, 1, -left, -bottom) * matrix
    return own
