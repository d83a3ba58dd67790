"""Other people's answers that go into the PDF."""
