"""A VAE of the rows of a table, after Tybalt, which was one of gene expression (Way and Greene 2018)."""
