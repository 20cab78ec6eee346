"""What is trained: networks, their features and data. The only folder, with exporting, that imports torch."""
